/** What the sizer sees of the queue, of the requests in place, and of the fleet. */
export interface FleetState {
  /** Messages that wait. */
  visible: number;
  /** Messages that a worker holds. */
  inFlight: number;
  /** Messages that wait for a retry's delay. */
  delayed: number;
  /** Requests that machines answer in place, or have let in to wait: the mean of a minute. */
  requestsInFlight: number;
  /** Machines that the group is asked to have. */
  desired: number;
  /** Machines that run although there is no work. */
  warm: number;
  maxMachines: number;
  /** Jobs, waiting or held, for which one machine is enough. */
  jobsPerMachine: number;
  /** Requests in flight for which one machine is enough. */
  requestsPerMachine: number;
}

/**
 * How many machines there should be: as many as the jobs and the requests take together, at most `maxMachines`, and
 * never fewer than the group is asked to have: a lower number would end machines that work.
 */
export function desiredMachines(state: FleetState): number {
  const { desired, warm, maxMachines, jobsPerMachine, requestsInFlight, requestsPerMachine } = state;
  const work = jobsIn(state) / jobsPerMachine + requestsInFlight / requestsPerMachine;
  const wanted = Math.min(Math.ceil(work), maxMachines);
  return Math.max(wanted, desired, warm);
}

/** Longest time after which a machine without work has ended itself: to boot, to look for work, to find that there is none. */
export const patienceSeconds = (idleSeconds: number): number => BOOT_SECONDS + 2 * idleSeconds;

/** Longest time from a machine's launch to its worker's first look at the queue: boot, image pull, model load. */
export const BOOT_SECONDS = 15 * 60;

/** Jobs and requests, waiting or in work. */
export const workIn = (work: Jobs & Pick<FleetState, 'requestsInFlight'>): number =>
  jobsIn(work) + work.requestsInFlight;

type Jobs = Pick<FleetState, 'visible' | 'inFlight' | 'delayed'>;

const jobsIn = ({ visible, inFlight, delayed }: Jobs): number => visible + inFlight + delayed;
