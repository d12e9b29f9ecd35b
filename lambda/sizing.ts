/** What the sizer sees of the queue and of the fleet. */
export interface FleetState {
  /** Messages that wait. */
  visible: number;
  /** Messages that a worker holds. */
  inFlight: number;
  /** Messages that wait for a retry's delay. */
  delayed: number;
  /** Machines that the group is asked to have. */
  desired: number;
  /** Machines that the group keeps whatever the queue: those that are warm. */
  minMachines: number;
  maxMachines: number;
  /** Jobs, waiting or held, for which one machine is enough. */
  jobsPerMachine: number;
}

/**
 * How many machines there should be: one for every `jobsPerMachine` jobs, at most `maxMachines`, and never fewer than
 * there are, or than are to be warm – machines end themselves when they are idle, so that none is ended while it works.
 */
export function desiredMachines({
  visible,
  inFlight,
  delayed,
  desired,
  minMachines,
  maxMachines,
  jobsPerMachine,
}: FleetState): number {
  const jobs = visible + inFlight + delayed;
  const wanted = Math.min(Math.ceil(jobs / jobsPerMachine), maxMachines);
  return Math.max(wanted, desired, minMachines);
}

/**
 * Whether to let go of machines that should have ended themselves by now: there is no work, there are more than are to be
 * warm, and the youngest machine has had time to boot, to look for work, and to find that there is none. It is the backstop for machines whose
 * worker never started.
 *
 * @param quietSeconds seconds since a machine was last launched or ended
 */
export function isStranded(state: FleetState, quietSeconds: number, idleSeconds: number): boolean {
  const jobs = state.visible + state.inFlight + state.delayed;
  return jobs === 0 && state.desired > state.minMachines && quietSeconds > BOOT_SECONDS + 2 * idleSeconds;
}

/** Longest time from a machine's launch to its worker's first look at the queue: boot, image pull, model load. */
const BOOT_SECONDS = 15 * 60;
