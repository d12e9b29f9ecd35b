/** The sizer's view of the queue, of the synchronous requests and of the fleet. */
export interface FleetState {
  /** Waiting messages. */
  visible: number;
  /** Messages held by workers. */
  inFlight: number;
  /** Messages delayed before a retry. */
  delayed: number;
  /** Synchronous requests in work or admitted to wait: the mean of a minute. */
  requestsInFlight: number;
  /** Desired capacity of the group. */
  desired: number;
  /** Machines to keep running without work. */
  warm: number;
  maxMachines: number;
  /** Jobs, waiting or held, that one machine can handle. */
  jobsPerMachine: number;
  /** Requests in flight that one machine can handle. */
  requestsPerMachine: number;
}

/**
 * Desired number of machines: enough for all jobs and requests, at most `maxMachines`. Never lower
 * than the group's current value, because a lower one would terminate working machines.
 */
export function desiredMachines(state: FleetState): number {
  const { desired, warm, maxMachines, jobsPerMachine, requestsInFlight, requestsPerMachine } = state;
  const work = jobsIn(state) / jobsPerMachine + requestsInFlight / requestsPerMachine;
  const wanted = Math.min(Math.ceil(work), maxMachines);
  return Math.max(wanted, desired, warm);
}

/**
 * Longest time until a machine without work has terminated itself: to boot, to look for work and to
 * find none.
 */
export const patienceSeconds = (idleSeconds: number): number => BOOT_SECONDS + 2 * idleSeconds;

/**
 * Longest time from a machine's launch to its worker's first look at the queue: boot, image pull,
 * model load.
 */
export const BOOT_SECONDS = 15 * 60;

/** Number of jobs and requests, waiting or in work. */
export const workIn = (work: Jobs & Pick<FleetState, 'requestsInFlight'>): number =>
  jobsIn(work) + work.requestsInFlight;

type Jobs = Pick<FleetState, 'visible' | 'inFlight' | 'delayed'>;

const jobsIn = ({ visible, inFlight, delayed }: Jobs): number => visible + inFlight + delayed;
