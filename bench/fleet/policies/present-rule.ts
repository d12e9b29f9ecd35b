import { desiredMachines } from '../../../core/fleet/sizing';
import { defaultSettings } from '../../../lib/settings';
import type { PolicyMaker } from '../policy';

/** The rule by numbers of jobs, with the product's default settings. */
export const presentRule: PolicyMaker = () => {
  const { maxMachines, jobsPerMachine, requestsPerMachine, idleMinutes } = defaultSettings();
  return {
    name: 'present rule',
    reacts: true,
    // The group keeps its desired capacity when AWS takes a machine.
    replaces: true,
    alwaysOn: false,
    idleSeconds: 60 * idleMinutes,
    maxMachines,
    decide: ({ visible, inFlight, total }) =>
      desiredMachines({
        ...{ visible, inFlight, delayed: 0, requestsInFlight: 0, desired: total, warm: 0 },
        ...{ maxMachines, jobsPerMachine, requestsPerMachine },
      }) - total,
  };
};
