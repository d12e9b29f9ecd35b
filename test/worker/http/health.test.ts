import { tmpdir } from 'node:os';
import { GuardedService } from '../../../docker/worker/src/services/guarded-service';
import { Health } from '../../../docker/worker/src/http/health';
import { createLog } from '../../../docker/worker/src/log';
import type { ModelService, ServiceState } from '../../../docker/worker/src/services/model-service';
import { Scratch } from '../../../docker/worker/src/jobs/scratch';

const MINUTE = 60_000;
const READY: ServiceState = { state: 'ready', idleSeconds: 3_600 };
const BROKEN: ServiceState = { state: 'failed', reason: 'model.bin is missing' };
let states: Record<'whisper' | 'voxtral', ServiceState>;
let health: Health;

beforeEach(() => {
  jest.useFakeTimers();
  states = { whisper: READY, voxtral: READY };
  const guarded = (name: 'whisper' | 'voxtral') =>
    new GuardedService(
      { name, state: async () => states[name] } as ModelService,
      createLog({ write: () => undefined }),
    );
  health = new Health([guarded('whisper'), guarded('voxtral')], new Scratch(tmpdir()));
});
afterEach(() => jest.useRealTimers());

describe('a machine with two models', () => {
  it('is idle since the last request of both', async () => {
    expect(await health.modelsIdleSeconds()).toBe(3_600);
    states.voxtral = { state: 'ready', idleSeconds: 5 };
    expect(await health.modelsIdleSeconds()).toBe(5);
  });

  it('is not idle while the state of one is unknown', async () => {
    states.voxtral = { state: 'absent', reason: 'the voxtral service does not answer' };
    expect(await health.modelsIdleSeconds()).toBe(0);
    states.voxtral = READY;
    expect(await health.modelsIdleSeconds()).toBe(3_600);
  });

  it('ends as idle if one is permanently broken and the other has no work', async () => {
    states.whisper = BROKEN;
    expect(await health.check()).toBe(true);
    await jest.advanceTimersByTimeAsync(20 * MINUTE);
    expect(await health.modelsIdleSeconds()).toBe(3_600);
    expect(health.unfitSeconds).toBe(0);
  });

  it('ends as unfit if both are permanently broken', async () => {
    [states.whisper, states.voxtral] = [BROKEN, BROKEN];
    expect(await health.check()).toBe(false);
    await jest.advanceTimersByTimeAsync(20 * MINUTE);
    expect(health.unfitSeconds).toBeGreaterThanOrEqual(20 * 60);
  });
});
