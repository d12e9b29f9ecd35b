import { desiredMachines, type FleetState } from '../../../core/fleet/sizing';

const state = (change: Partial<FleetState>): FleetState => ({
  visible: 0,
  inFlight: 0,
  delayed: 0,
  requestsInFlight: 0,
  desired: 0,
  warm: 0,
  maxMachines: 10,
  jobsPerMachine: 4,
  requestsPerMachine: 2,
  ...change,
});

describe('desired machines', () => {
  test.each<[string, Partial<FleetState>, number]>([
    ['are none without work', {}, 0],
    ['wake from zero on the first job', { visible: 1 }, 1],
    ['are one for the jobs that one can handle', { visible: 4 }, 1],
    ['are two for one job more', { visible: 5 }, 2],
    ['count jobs that a worker holds', { visible: 1, inFlight: 4 }, 2],
    ['count jobs that wait for a retry', { delayed: 1 }, 1],
    ['stop at the maximum', { visible: 4000 }, 10],
    ['include idle machines, which terminate themselves', { desired: 3 }, 3],
    ['are not lowered for fewer jobs', { visible: 1, desired: 3 }, 3],
    ['are not lowered to a new maximum', { visible: 400, desired: 12 }, 12],
    ['include warm machines without work', { desired: 2, warm: 2 }, 2],
    ['are at least the warm machines', { visible: 1, desired: 1, warm: 3 }, 3],
    ['count warm machines as working ones', { visible: 9, desired: 2, warm: 2 }, 3],
    ['are one for the requests that one can handle', { requestsInFlight: 2, desired: 1 }, 1],
    ['are two for slightly more requests', { requestsInFlight: 2.01, desired: 1 }, 2],
    ['add requests to jobs', { visible: 2, requestsInFlight: 2, desired: 1 }, 2],
    ['stop at the maximum for any number of requests', { requestsInFlight: 500, desired: 1 }, 10],
    ['are not lowered for fewer requests', { requestsInFlight: 0.1, desired: 3 }, 3],
    ['are none if the maximum is 0', { visible: 9, maxMachines: 0 }, 0],
  ])('%s', (_, change, expected) => {
    expect(desiredMachines(state(change))).toBe(expected);
  });

  const counts = [0, 1, 3, 4, 5, 17, 1000];
  const grid = counts.flatMap((visible) =>
    [0, 2, 9].flatMap((inFlight) =>
      [0, 0.3, 2, 5.5, 400].flatMap((requestsInFlight) =>
        [0, 1, 7, 20].flatMap((desired) =>
          [1, 3, 20].flatMap((maxMachines) =>
            [1, 4].map((jobsPerMachine) =>
              state({ visible, inFlight, requestsInFlight, desired, maxMachines, jobsPerMachine }),
            ),
          ),
        ),
      ),
    ),
  );

  test('are never lower than now, for any queue', () => {
    for (const each of grid) expect(desiredMachines(each)).toBeGreaterThanOrEqual(each.desired);
  });

  test('are never raised above the maximum', () => {
    for (const each of grid)
      expect(desiredMachines(each)).toBeLessThanOrEqual(Math.max(each.desired, each.maxMachines));
  });

  test.each<[string, (each: FleetState) => Partial<FleetState>]>([
    ['jobs come in', ({ visible }) => ({ visible: visible + 1 })],
    ['requests arrive', ({ requestsInFlight }) => ({ requestsInFlight: requestsInFlight + 0.7 })],
    ['more machines run', ({ desired }) => ({ desired: desired + 1 })],
    ['more warm machines are required', ({ warm }) => ({ warm: warm + 2 })],
    ['more are allowed', ({ maxMachines }) => ({ maxMachines: maxMachines + 1 })],
    ['a machine handles fewer jobs', ({ jobsPerMachine }) => ({ jobsPerMachine: jobsPerMachine / 2 })],
    [
      'a machine handles fewer requests',
      ({ requestsPerMachine }) => ({ requestsPerMachine: requestsPerMachine / 2 }),
    ],
  ])('never decrease as %s', (_, change) => {
    for (const each of grid)
      expect(desiredMachines({ ...each, ...change(each) })).toBeGreaterThanOrEqual(desiredMachines(each));
  });

  test('are at most the sum of the machines for jobs and for requests', () => {
    for (const each of grid) {
      const jobs = desiredMachines({ ...each, requestsInFlight: 0, desired: 0 });
      const requests = desiredMachines({ ...each, visible: 0, inFlight: 0, desired: 0 });
      const together = desiredMachines({ ...each, desired: 0 });
      expect(together).toBeLessThanOrEqual(jobs + requests);
      expect(together).toBeGreaterThanOrEqual(Math.max(jobs, requests));
    }
  });

  test('do not depend on the state of a message in the queue', () => {
    for (const each of grid)
      expect(desiredMachines({ ...each, visible: 0, delayed: each.visible })).toBe(desiredMachines(each));
  });

  test('are stable: the same for their own result', () => {
    for (const each of grid) {
      const desired = desiredMachines(each);
      expect(desiredMachines({ ...each, desired })).toBe(desired);
    }
  });
});
