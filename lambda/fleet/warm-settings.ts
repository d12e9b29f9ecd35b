import type { WarmSettings } from '../../core/fleet/warm-hours';
import { envNumber, optionalEnv } from '../frame/runtime';

/** The machines that the settings keep warm, from the environment. */
export const warmSettings = (): WarmSettings => ({
  machines: envNumber('warmMachines'),
  hours: optionalEnv('warmHours'),
  timeZone: optionalEnv('warmTimeZone'),
});
