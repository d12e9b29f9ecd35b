import type { FleetRow, MachineRow, WaitingRow } from '../../../core/contract/machine';
import type { GroupMachine } from '../../../core/fleet/capacity';
import { NEW_FLEET } from '../../../core/fleet/learning';
import { MANY_JOBS } from '../../../core/fleet/list-scheduling';
import { desiredMachines, FLEET_MODES, type FleetState } from '../../../core/fleet/sizing';

const NOW = 1_772_366_400_000;
const ago = (seconds: number) => NOW - seconds * 1000;

const state = (change: Partial<FleetState>): FleetState => ({
  messages: 0,
  inFlight: 0,
  requestsInFlight: 0,
  desired: 0,
  warm: 0,
  maxMachines: 10,
  ...{ jobsPerMachine: 4, requestsPerMachine: 2, schedule: FLEET_MODES.standard, unit: 'audio_second' },
  ...{ jobs: [], machines: [], fleet: NEW_FLEET, now: NOW },
  ...change,
});

describe('desired machines by the number of jobs', () => {
  test.each<[string, Partial<FleetState>, number]>([
    ['are none without work', {}, 0],
    ['wake from zero on the first job', { messages: 1 }, 1],
    ['are one for the jobs that one can handle', { messages: 4 }, 1],
    ['are two for one job more', { messages: 5 }, 2],
    ['count jobs that a worker holds', { messages: 1, inFlight: 4 }, 2],
    ['stop at the maximum', { messages: 4000 }, 10],
    ['include idle machines, which terminate themselves', { desired: 3 }, 3],
    ['are not lowered for fewer jobs', { messages: 1, desired: 3 }, 3],
    ['are not lowered to a new maximum', { messages: 400, desired: 12 }, 12],
    ['include warm machines without work', { desired: 2, warm: 2 }, 2],
    ['are at least the warm machines', { messages: 1, desired: 1, warm: 3 }, 3],
    ['count warm machines as working ones', { messages: 9, desired: 2, warm: 2 }, 3],
    ['are one for the requests that one can handle', { requestsInFlight: 2, desired: 1 }, 1],
    ['are two for slightly more requests', { requestsInFlight: 2.01, desired: 1 }, 2],
    ['add requests to jobs', { messages: 2, requestsInFlight: 2, desired: 1 }, 2],
    ['stop at the maximum for any number of requests', { requestsInFlight: 500, desired: 1 }, 10],
    ['are not lowered for fewer requests', { requestsInFlight: 0.1, desired: 3 }, 3],
    ['are none if the maximum is 0', { messages: 9, maxMachines: 0 }, 0],
  ])('%s', (_, change, expected) => {
    expect(desiredMachines(state(change))).toBe(expected);
  });

  const counts = [0, 1, 3, 4, 5, 17, 1000];
  const grid = counts.flatMap((messages) =>
    [0, 2, 9].flatMap((inFlight) =>
      [0, 0.3, 2, 5.5, 400].flatMap((requestsInFlight) =>
        [0, 1, 7, 20].flatMap((desired) =>
          [1, 3, 20].flatMap((maxMachines) =>
            [1, 4].map((jobsPerMachine) =>
              state({ messages, inFlight, requestsInFlight, desired, maxMachines, jobsPerMachine }),
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
    ['jobs come in', ({ messages }) => ({ messages: messages + 1 })],
    ['requests arrive', ({ requestsInFlight }) => ({ requestsInFlight: requestsInFlight + 0.7 })],
    ['more machines run', ({ desired }) => ({ desired: desired + 1 })],
    ['more warm machines are required', ({ warm }) => ({ warm: warm + 2 })],
    ['more are allowed', ({ maxMachines }) => ({ maxMachines: maxMachines + 1 })],
    ['a machine handles fewer jobs', ({ jobsPerMachine }) => ({ jobsPerMachine: (jobsPerMachine ?? 1) / 2 })],
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
      const requests = desiredMachines({ ...each, messages: 0, inFlight: 0, desired: 0 });
      const together = desiredMachines({ ...each, desired: 0 });
      expect(together).toBeLessThanOrEqual(jobs + requests);
      expect(together).toBeGreaterThanOrEqual(Math.max(jobs, requests));
    }
  });

  test('are stable: the same for their own result', () => {
    for (const each of grid) {
      const desired = desiredMachines(each);
      expect(desiredMachines({ ...each, desired })).toBe(desired);
    }
  });
});

describe('desired machines by the work in the jobs', () => {
  /** A job of so many seconds of audio. The default speed is 40. */
  const job = (audio: number, waited = 0, id = `job-${audio}-${waited}`): WaitingRow => ({
    ...{ id, waits_from: ago(waited), estimate: { audio_second: audio } },
  });
  const hour = (count: number) => Array.from({ length: count }, (_, index) => job(3600, 0, `job-${index}`));
  const machine = (row: Partial<MachineRow> = {}, id = 'i-1'): GroupMachine => ({
    ...{ id, type: 'g4dn.xlarge' },
    row: { id: `machine#${id}`, expires_at: 0, heartbeat_at: ago(1), ready_at: ago(999), ...row },
  });
  const booting = (requested: number): Pick<FleetState, 'machines' | 'fleet' | 'desired'> => ({
    machines: [{ id: 'i-1', type: 'g4dn.xlarge' }],
    fleet: { ...NEW_FLEET, machines: { 'i-1': { requested_at: ago(requested) } } },
    desired: 1,
  });
  const boots = (seconds: number, change: Partial<FleetRow> = {}): FleetRow => ({
    ...NEW_FLEET,
    boots: { 'g4dn.xlarge': seconds },
    ...change,
  });
  const plan = (change: Partial<FleetState>) =>
    desiredMachines(state({ jobsPerMachine: undefined, maxMachines: 5000, ...change }));
  const one = (row: Partial<MachineRow> = {}) => ({ machines: [machine(row)], desired: 1 });

  test.each<[string, Partial<FleetState>, number]>([
    ['are none without work', {}, 0],
    ['are one for one job', { jobs: [job(60)] }, 1],
    ['are one for jobs that one machine works off within two boots', { jobs: hour(3) }, 1],
    ['are more for jobs that it does not', { jobs: hour(8) }, 3],
    ['are no more while a machine is idle', { jobs: [job(60)], ...one() }, 1],
    ['are no more while one boots', { jobs: [job(60)], ...booting(100) }, 1],
    ['are no more while one has been requested', { jobs: [job(60)], desired: 1 }, 1],
    [
      'are no more if a machine is free soon enough',
      { jobs: [job(60)], ...one({ busy_until: ago(-470), holding: ['a'] }) },
      1,
    ],
    ['are one more if it is not', { jobs: [job(60)], ...one({ busy_until: ago(-490), holding: ['a'] }) }, 2],
    [
      'do not count a job that a machine holds already',
      { jobs: [job(99_999)], ...one({ busy_until: ago(-2500), holding: ['job-99999-0'] }) },
      1,
    ],
    ['do not count a machine that AWS takes back', { jobs: [job(60)], ...one({ notice_at: ago(1) }) }, 2],
    ['count a machine whose notice was withdrawn', { jobs: [job(60)], ...one({ notice_at: ago(301) }) }, 1],
    [
      'do not count a machine whose worker is silent',
      { jobs: [job(60)], ...one({ heartbeat_at: ago(300) }) },
      2,
    ],
    ['learn the boot', { jobs: hour(8), fleet: boots(1000) }, 1],
    [
      'learn the speed',
      { jobs: hour(8), fleet: boots(240, { speeds: { 'g4dn.xlarge': { audio_second: 400 } } }) },
      1,
    ],
    [
      'use the size of an unmeasured input',
      { jobs: [{ id: 'a', waits_from: NOW, input_bytes: 9e8 }, job(60)] },
      2,
    ],
    ['use the mean for an input without a size', { jobs: [...hour(7), { id: 'a', waits_from: NOW }] }, 3],
    ['count messages without rows, if no machine runs', { messages: 3 }, 1],
    ['leave messages without rows to the machines that run', { messages: 3, ...one() }, 1],
    ['stop at the maximum', { jobs: hour(900), maxMachines: 7 }, 7],
    ['are enough for the work of very many jobs', { jobs: hour(MANY_JOBS + 1), messages: 10_000 }, 1938],
    [
      'are enough for it also when a machine holds one of them',
      {
        ...{ jobs: hour(MANY_JOBS + 1), messages: 10_000 },
        ...one({ busy_until: ago(-99), holding: ['job-0'] }),
      },
      1938,
    ],
    ['count machines that requests keep busy as busy', { jobs: [job(60)], requestsInFlight: 2, ...one() }, 2],
    ['are enough for the requests', { requestsInFlight: 5, ...one() }, 3],
    ['wait longer in the mode economy', { jobs: hour(8), schedule: FLEET_MODES.economy }, 2],
  ])('%s', (_, change, expected) => {
    expect(plan(change)).toBe(expected);
  });

  test.each([
    ['two boots', boots(240), 504],
    ['fifteen minutes, if no boot was ever measured', NEW_FLEET, 900],
  ])('do not count a machine that is not ready after %s', (_, known, limit) => {
    const after = (seconds: number) => {
      const fleet = { ...known, machines: { 'i-1': { requested_at: ago(seconds) } } };
      return plan({ jobs: [job(60)], machines: [{ id: 'i-1' }], desired: 1, fleet });
    };
    expect([after(limit - 1), after(limit + 1)]).toEqual([1, 2]);
  });

  describe('when machines fail to boot', () => {
    const failed = (failed_boots: number, raised: number) => ({
      ...{ jobs: hour(80), fleet: boots(240, { failed_boots, raised_at: ago(raised) }) },
    });
    test.each<[string, Partial<FleetState>, number]>([
      ['are as many as the work needs after two', failed(2, 1), 27],
      ['are one at a time after three', failed(3, 61), 1],
      ['come after a pause', failed(3, 59), 0],
      ['come after a longer pause each time', failed(6, 479), 0],
      ['come at least each hour', failed(30, 3600), 1],
      ['are no more while that one boots', { ...failed(3, 61), desired: 1 }, 1],
    ])('%s', (_, change, expected) => {
      expect(plan(change)).toBe(expected);
    });
  });
});
