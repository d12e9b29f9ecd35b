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
    ['none while there is nothing to do', {}, 0],
    ['wakes from zero on the first job', { visible: 1 }, 1],
    ['one for as many jobs as one can take', { visible: 4 }, 1],
    ['another for one job more', { visible: 5 }, 2],
    ['counts jobs that a worker holds', { visible: 1, inFlight: 4 }, 2],
    ['counts jobs that wait for a retry', { delayed: 1 }, 1],
    ['stops at the maximum', { visible: 4000 }, 10],
    ['leaves idle machines to end themselves', { desired: 3 }, 3],
    ['leaves machines alone though fewer would do', { visible: 1, desired: 3 }, 3],
    ['leaves machines alone that are above a maximum lowered since', { visible: 400, desired: 12 }, 12],
    ['keeps what is to be warm while there is nothing to do', { desired: 2, warm: 2 }, 2],
    ['asks for no less than the group keeps', { visible: 1, desired: 1, warm: 3 }, 3],
    ['counts warm machines among those that work', { visible: 9, desired: 2, warm: 2 }, 3],
    ['one for as many requests as one can take', { requestsInFlight: 2, desired: 1 }, 1],
    ['another for a little more than that', { requestsInFlight: 2.01, desired: 1 }, 2],
    ['adds requests to jobs', { visible: 2, requestsInFlight: 2, desired: 1 }, 2],
    ['stops at the maximum, whatever the requests', { requestsInFlight: 500, desired: 1 }, 10],
    ['leaves machines alone though there are fewer requests', { requestsInFlight: 0.1, desired: 3 }, 3],
    ['none where none is allowed', { visible: 9, maxMachines: 0 }, 0],
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
    ['requests come in', ({ requestsInFlight }) => ({ requestsInFlight: requestsInFlight + 0.7 })],
    ['more machines run', ({ desired }) => ({ desired: desired + 1 })],
    ['more are to be warm', ({ warm }) => ({ warm: warm + 2 })],
    ['more are allowed', ({ maxMachines }) => ({ maxMachines: maxMachines + 1 })],
    ['a machine does fewer jobs', ({ jobsPerMachine }) => ({ jobsPerMachine: jobsPerMachine / 2 })],
    [
      'it answers fewer requests',
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
