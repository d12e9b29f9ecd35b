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
  /** Machines that the group keeps whatever the queue: those that are warm. */
  minMachines: number;
  maxMachines: number;
  /** Jobs, waiting or held, for which one machine is enough. */
  jobsPerMachine: number;
  /** Requests in flight for which one machine is enough. */
  requestsPerMachine: number;
}

/**
 * How many machines there should be: as many as the jobs and the requests take together, at most `maxMachines`, and
 * never fewer than there are, or than are to be warm – machines end themselves when they are idle, so that none is ended
 * while it works.
 */
export function desiredMachines(state: FleetState): number {
  const { desired, minMachines, maxMachines, jobsPerMachine, requestsInFlight, requestsPerMachine } = state;
  const work = jobsIn(state) / jobsPerMachine + requestsInFlight / requestsPerMachine;
  const wanted = Math.min(Math.ceil(work), maxMachines);
  return Math.max(wanted, desired, minMachines);
}

/**
 * Whether to let go of machines that should have ended themselves by now: there is no work, there are more than are to be
 * warm, and they have had the time to find that there is none. It is the backstop for machines whose worker never
 * started.
 *
 * @param quietSeconds seconds since a machine was last launched or ended, or a request last answered in place
 */
export function isStranded(state: FleetState, quietSeconds: number, idleSeconds: number): boolean {
  const idle = jobsIn(state) === 0 && state.requestsInFlight === 0;
  return idle && state.desired > state.minMachines && quietSeconds > patienceSeconds(idleSeconds);
}

/** Longest time after which a machine without work has ended itself: to boot, to look for work, to find that there is none. */
export const patienceSeconds = (idleSeconds: number): number => BOOT_SECONDS + 2 * idleSeconds;

/** Longest time from a machine's launch to its worker's first look at the queue: boot, image pull, model load. */
const BOOT_SECONDS = 15 * 60;

const jobsIn = ({ visible, inFlight, delayed }: FleetState): number => visible + inFlight + delayed;
