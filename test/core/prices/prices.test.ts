import type { Machine } from '../../../core/contract/machine';
import { priceOf, receipt } from '../../../core/prices/prices';

const machine = (instance_type: string, capacity: Machine['capacity']): Machine => ({
  instance_id: 'i-1',
  instance_type,
  capacity,
  availability_zone: 'us-east-1a',
});
const audio = { audio_second: 600 };
const seconds = { sinceQueued: 100, processing: 36 };

describe('a receipt', () => {
  it('separates the machine’s time from the time in the queue', () => {
    expect(receipt(machine('g4dn.xlarge', 'on-demand'), audio, seconds)).toEqual({
      measures: { audio_second: 600 },
      audio_seconds: 600,
      queue_seconds: 64,
      processing_seconds: 36,
      real_time_factor: 16.667,
      machine_type: 'g4dn.xlarge',
      capacity: 'on-demand',
      price_per_hour: 0.531,
      price_source: 'us-east-1 list price of November 2026',
      cost: 0.00531,
      cost_per_audio_minute: 0.000531,
      cost_per_unit: { audio_second: 0.00000885 },
    });
  });

  it('adds the first run of a job whose missing tasks were retried', () => {
    const first = receipt(machine('g5.xlarge', 'on-demand'), audio, { sinceQueued: 50, processing: 24 });
    const both = receipt(machine('g4dn.xlarge', 'on-demand'), audio, seconds, first);
    expect(both).toMatchObject({
      ...{ measures: audio, queue_seconds: 64 + 26, processing_seconds: 60, real_time_factor: 10 },
      ...{ machine_type: 'g4dn.xlarge', price_per_hour: 0.531 },
      cost: 0.00531 + first.cost!,
      cost_per_unit: { audio_second: expect.closeTo((0.00531 + first.cost!) / 600, 12) },
    });
    const unknown = { ...first, cost: null };
    expect(receipt(machine('g4dn.xlarge', 'on-demand'), audio, seconds, unknown).cost).toBeNull();
  });

  it('has a cost for each unit of work, and no audio without audio', () => {
    const work = { token: 1000, character: 0 };
    expect(receipt(machine('g4dn.xlarge', 'on-demand'), work, seconds)).toMatchObject({
      measures: work,
      audio_seconds: 0,
      real_time_factor: 0,
      cost_per_audio_minute: null,
      cost_per_unit: { token: 0.00000531 },
    });
  });

  it('calls the price of a spot machine an estimate', () => {
    expect(priceOf(machine('g4dn.xlarge', 'spot'))).toEqual({
      perHour: 0.205,
      source: expect.stringMatching(/^estimate/),
    });
    expect(priceOf(machine('g5.xlarge', 'spot')).perHour).toBeLessThan(0.5);
  });

  it('has null, not zero, for an unknown price', () => {
    expect(receipt(machine('p5.48xlarge', 'spot'), audio, seconds)).toMatchObject({
      price_per_hour: null,
      cost: null,
      cost_per_audio_minute: null,
      price_source: 'no price is known for p5.48xlarge',
    });
  });

  it('charges nothing for a local machine', () => {
    expect(receipt(machine('x86_64', 'local'), audio, seconds)).toMatchObject({ price_per_hour: 0, cost: 0 });
  });

  it('stays finite without audio and without time', () => {
    const empty = receipt(machine('g4dn.xlarge', 'spot'), {}, { sinceQueued: 0, processing: 0 });
    expect(empty).toMatchObject({ real_time_factor: 0, queue_seconds: 0, cost_per_audio_minute: null });
    const instant = receipt(
      machine('g4dn.xlarge', 'spot'),
      { audio_second: 60 },
      { sinceQueued: 0, processing: 0 },
    );
    expect(Number.isFinite(instant.real_time_factor)).toBe(true);
  });
});
