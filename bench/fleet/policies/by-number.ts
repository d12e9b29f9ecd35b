import type { PolicyMaker } from '../policy';

const JOBS_PER_MACHINE = 4;
const IDLE_SECONDS = 300;
const MACHINES = 4;

/** A machine for every four jobs, at most four, for five idle minutes: the product's rule before it planned the work. */
export const byNumber: PolicyMaker = () => ({
  name: 'by number',
  reacts: true,
  // The group keeps its desired capacity when AWS takes a machine.
  replaces: true,
  alwaysOn: false,
  idleSeconds: IDLE_SECONDS,
  maxMachines: MACHINES,
  decide: ({ visible, inFlight, total }) =>
    Math.max(0, Math.min(Math.ceil((visible + inFlight) / JOBS_PER_MACHINE), MACHINES) - total),
});
