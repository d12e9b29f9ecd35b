import { constants } from 'node:os';
import type { ContainerDefinition } from '@aws-sdk/client-ecs';

/** The time that a container must have run for before ECS starts it again, where the definition does not say. */
const DEFAULT_RESTART_SECONDS = 300;

/** The code that a container runtime reports: for a process that a signal ended, 128 more than the signal's number. */
export const exitCode = (ended: number | NodeJS.Signals): number =>
  typeof ended === 'number' ? ended : 128 + constants.signals[ended];

/**
 * Whether ECS starts a container that has ended again and leaves its task as it is.
 *
 * @param code its exit code
 * @param seconds for how long it ran
 */
export function restarts({ restartPolicy }: ContainerDefinition, code: number, seconds: number): boolean {
  if (restartPolicy?.enabled !== true || restartPolicy.ignoredExitCodes?.includes(code)) return false;
  return seconds >= (restartPolicy.restartAttemptPeriod ?? DEFAULT_RESTART_SECONDS);
}
