import {
  idleLimit,
  machinesToAdd,
  MANY_JOBS,
  type WaitingJob,
  workSeconds,
} from '../../../core/fleet/list-scheduling';

const BOOT = 240;
const job = (work: number, waited = 0): WaitingJob => ({ work, waited });
const jobs = (count: number, work: number) => Array.from({ length: count }, () => job(work));
const add = (free: number[], waiting: WaitingJob[], boot = BOOT) =>
  machinesToAdd(
    free.map((freeIn) => ({ freeIn })),
    waiting,
    { boot },
  );

/** The rule with a plain list. */
function byDefinition(free: readonly number[], waiting: readonly WaitingJob[]): number {
  const times = [...free];
  for (const { work, waited } of waiting) {
    const first = times.indexOf(Math.min(...times));
    if (first < 0 || times[first]! > Math.max(2 * BOOT - waited, BOOT)) times.push(BOOT + work);
    else times[first]! += work;
  }
  return times.length - free.length;
}

describe('machines are added', () => {
  test.each<[string, number[], WaitingJob[], number]>([
    ['for the first job', [], [job(10)], 1],
    ['for no job', [], [], 0],
    ['once for jobs that one machine works off in time', [], jobs(24, 10), 1],
    ['for those that it would start after two boots', [], jobs(49, 10), 2],
    ['not while a machine is idle', [0], [job(1000)], 0],
    ['not while one boots that is soon enough', [200], [job(10)], 0],
    ['not if a busy one is free within two boots', [480], [job(10)], 0],
    ['if it is not', [481], [job(10)], 1],
    ['not for a job that has waited, if a busy machine is free within a boot', [240], [job(10, 1000)], 0],
    ['for a job that has waited, if that takes longer', [241], [job(10, 1000)], 1],
    ['for each long job of a burst', [], jobs(5, 3600), 5],
    ['for the jobs that are left when idle machines have some', [0, 0, 0], jobs(5, 3600), 2],
  ])('%s', (_, free, waiting, added) => {
    expect(add(free, waiting)).toBe(added);
  });

  test('as by the definition, with any machines and jobs', () => {
    let seed = 1;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let round = 0; round < 300; round++) {
      const free = Array.from({ length: Math.floor(random() * 6) }, () => random() * 2000);
      const waiting = Array.from({ length: Math.floor(random() * 60) }, () =>
        job(random() * 600, random() * 900),
      ).sort((one, other) => other.waited - one.waited);
      expect(add(free, waiting)).toBe(byDefinition(free, waiting));
    }
  });

  test('by the amount of work if very many jobs wait', () => {
    expect(add([], jobs(MANY_JOBS + 1, 48))).toBe(Math.ceil(((MANY_JOBS + 1) * 48) / 480));
    expect(
      add(
        Array.from({ length: 150 }, () => 0),
        jobs(MANY_JOBS + 1, 48),
      ),
    ).toBe(51);
    expect(
      add(
        Array.from({ length: 300 }, () => 0),
        jobs(MANY_JOBS + 1, 48),
      ),
    ).toBe(0);
  });
});

test('a job takes three seconds besides its audio', () => {
  expect(workSeconds(400, 40)).toBe(13);
});

test.each([
  [240, 10],
  [60, 5],
  [600, 25],
])('with a boot of %d s, workers end idle machines after %d s', (boot, seconds) => {
  expect(idleLimit(boot)).toBe(seconds);
});
