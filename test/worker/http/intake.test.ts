import { type Arrival, Intake } from '../../../docker/worker/src/http/intake';

const LIMITS = { mostBytes: 100 << 20, uploads: 4, stallMs: 30_000, judgedMs: 2_000 };
let now = 0;
beforeEach(() => (now = 0));

/** An upload that continues until it is ended. */
async function upload(
  intake: Intake,
): Promise<{ arrival: Arrival; end: () => void; done: Promise<unknown> }> {
  let end: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => (end = resolve));
  return new Promise((begun, refused) => {
    const done = intake.admit(
      (arrival) => {
        setImmediate(() => begun({ arrival, end, done }));
        return promise;
      },
      () => Promise.resolve(),
    );
    done.catch(refused);
  });
}
const intakeOf = (limits: Partial<typeof LIMITS> = {}) =>
  new Intake({ ...LIMITS, ...limits, now: () => now });

test('a fast start does not compensate for a slow rest', async () => {
  const { arrival } = await upload(intakeOf());
  arrival.grew(50 << 20);
  now = 29_000;
  arrival.grew(1);
  now = 62_000;
  expect(() => arrival.grew(1)).toThrow('it comes at less than 8192 bytes per second');
});

test('an upload at the minimum speed is received completely, without a time limit', async () => {
  const { arrival, end, done } = await upload(intakeOf());
  for (now = 1000; now < 600_000; now += 1000) arrival.grew(8 << 10);
  end();
  await done;
});

test('an upload that has slowed down is dropped in favour of a faster one', async () => {
  const intake = intakeOf({ mostBytes: 60 << 20 });
  const { arrival: slow } = await upload(intake);
  slow.grew(50 << 20);
  now = 40_000;
  slow.grew(300 << 10);
  const { arrival: fast, end, done } = await upload(intake);
  fast.grew(40 << 20);
  expect(slow.gaveWay.aborted).toBe(true);
  expect(fast.gaveWay.aborted).toBe(false);
  end();
  await done;
  const { arrival: whole } = await upload(intake);
  whole.grew(60 << 20);
  expect(() => whole.grew(1)).toThrow('fill the 62914560 bytes');
});

test('uploads that restart repeatedly do not block an ordinary upload whose client retries', async () => {
  const intake = intakeOf({ uploads: 16 });
  const come = () => upload(intake).catch(() => undefined);
  let arrived = 0;
  for (let round = 0; round < 20; round++) {
    for (let count = 0; count < 16; count++) await come();
    const ordinary = await upload(intake);
    for (let step = 0; step < 10; step++, now += 100) {
      if (!ordinary.arrival.gaveWay.aborted) ordinary.arrival.grew(64 << 10);
      await come();
    }
    if (!ordinary.arrival.gaveWay.aborted) arrived++;
    ordinary.end();
  }
  expect(arrived).toBeGreaterThan(15);
});
