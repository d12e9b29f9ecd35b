import { constants } from 'node:os';
import type { ContainerDefinition } from '@aws-sdk/client-ecs';

/** Default minimum run time in seconds before ECS restarts a container. */
const DEFAULT_RESTART_SECONDS = 300;

/** Exit code of a container runtime: 128 plus the signal's number if a signal ended the process. */
export const exitCode = (ended: number | NodeJS.Signals): number =>
  typeof ended === 'number' ? ended : 128 + constants.signals[ended];

/**
 * Whether ECS restarts an ended container without replacing its task.
 *
 * @param code exit code
 * @param seconds run time
 */
export function restarts({ restartPolicy }: ContainerDefinition, code: number, seconds: number): boolean {
  if (restartPolicy?.enabled !== true || restartPolicy.ignoredExitCodes?.includes(code)) return false;
  return seconds >= (restartPolicy.restartAttemptPeriod ?? DEFAULT_RESTART_SECONDS);
}
