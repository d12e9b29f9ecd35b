import type { FleetRow, MachineRow } from '../../../core/contract/machine';
import { bootSeconds, learnt, NEW_FLEET, type Observation, speedsOf } from '../../../core/fleet/learning';

const NOW = 1_772_366_400_000;
const ago = (seconds: number) => NOW - seconds * 1000;
const TYPE = 'g4dn.xlarge';

const row = (change: Partial<MachineRow> = {}): MachineRow => ({
  ...{ id: 'machine#i-1', expires_at: 0, heartbeat_at: ago(5) },
  ...change,
});
const seen = (change: Partial<Observation> = {}): Observation => ({
  ...{ machines: [{ id: 'i-1', type: TYPE }], rows: new Map(), arrivals: [], now: NOW },
  ...change,
});
const rows = (change: Partial<MachineRow>) => ({ rows: new Map([['i-1', row(change)]]) });
const fleet = (change: Partial<FleetRow>): FleetRow => ({ ...NEW_FLEET, ...change });
const booting = (seconds: number) => ({ 'i-1': { requested_at: ago(seconds), type: TYPE } });

test.each([
  ['when the group was raised just before', ago(90), ago(90)],
  ['when it is first seen, if the group launched it later on its own', ago(130), NOW],
  ['when it is first seen, if the group was never raised', undefined, NOW],
])('a machine was requested %s', (_, raised_at, requested_at) => {
  expect(learnt(fleet({ raised_at }), seen()).machines).toEqual({ 'i-1': { requested_at, type: TYPE } });
});

test('a boot is learnt once, from the request to the readiness', () => {
  const first = learnt(fleet({ machines: booting(300) }), seen(rows({ ready_at: ago(60) })));
  expect(first.boots).toEqual({ [TYPE]: 240 });
  expect(learnt(first, seen(rows({ ready_at: ago(60) }))).boots).toEqual({ [TYPE]: 240 });
});

test('later boots change the learnt one by 30 %', () => {
  const earlier = fleet({ machines: booting(400), boots: { [TYPE]: 240 } });
  expect(learnt(earlier, seen(rows({ ready_at: ago(60) }))).boots).toEqual({ [TYPE]: 240 + 0.3 * 100 });
});

test('speeds and densities are learnt from each new heartbeat, by type', () => {
  const speeds = { audio_second: 60 };
  const first = learnt(
    fleet({}),
    seen(rows({ ready_at: ago(60), speeds, densities: { audio_second: 0.0001 } })),
  );
  expect([first.speeds, first.densities]).toEqual([{ [TYPE]: speeds }, { audio_second: 0.0001 }]);
  const same = learnt(first, seen(rows({ ready_at: ago(60), speeds: { audio_second: 70 } })));
  expect(same.speeds).toEqual({ [TYPE]: speeds });
  const next = learnt(
    first,
    seen(rows({ ready_at: ago(60), heartbeat_at: NOW, speeds: { audio_second: 70 } })),
  );
  expect(next.speeds).toEqual({ [TYPE]: { audio_second: 63 } });
});

test('a machine that has ended is forgotten, after its last heartbeat was used', () => {
  const machines = { 'i-1': { requested_at: ago(300), type: TYPE, learnt_at: ago(60) } };
  const after = learnt(
    fleet({ machines }),
    seen({ ...rows({ ready_at: ago(60), speeds: { token: 9 } }), machines: [] }),
  );
  expect(after).toMatchObject({ machines: {}, speeds: { [TYPE]: { token: 9 } }, failed_boots: 0 });
});

describe('a failed boot', () => {
  const gone = (change: Partial<MachineRow> = {}) =>
    learnt(fleet({ machines: booting(300) }), seen({ ...rows(change), machines: [] })).failed_boots;

  test('is a machine that ends before it is ready', () => {
    expect(gone()).toBe(1);
    expect(learnt(fleet({ machines: booting(300) }), seen({ machines: [] })).failed_boots).toBe(1);
  });

  test('is not a machine that was ready, or that AWS took back', () => {
    expect(gone({ ready_at: ago(60) })).toBe(0);
    expect(gone({ notice_at: ago(60) })).toBe(0);
  });

  test('is forgotten when a machine becomes ready', () => {
    const earlier = fleet({ machines: booting(300), failed_boots: 4 });
    expect(learnt(earlier, seen()).failed_boots).toBe(4);
    expect(learnt(earlier, seen(rows({ ready_at: ago(60) }))).failed_boots).toBe(0);
  });
});

test('the latest fifty arrivals are remembered, each once', () => {
  const arrivals = Array.from({ length: 60 }, (_, index) => ago(100 - index));
  const first = learnt(fleet({}), seen({ arrivals: arrivals.slice(0, 55).reverse() }));
  expect(first.arrivals).toEqual(arrivals.slice(5, 55));
  expect(learnt(first, seen({ arrivals })).arrivals).toEqual(arrivals.slice(10));
});

test('a machine of an unknown type boots and works like the mean of the known ones', () => {
  expect(bootSeconds(NEW_FLEET, TYPE)).toBe(240);
  expect(bootSeconds({ boots: { a: 100, b: 200 } }, TYPE)).toBe(150);
  expect(bootSeconds({ boots: { a: 100, [TYPE]: 200 } }, TYPE)).toBe(200);
  expect(speedsOf({ speeds: { a: { audio_second: 40 }, b: { audio_second: 60, token: 7 } } })).toEqual({
    audio_second: 50,
    token: 7,
  });
});
