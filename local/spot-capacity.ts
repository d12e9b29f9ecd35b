import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimStateDirectory } from './state';

/** While this file exists, the emulated EC2 has no spot capacity. */
export const noCapacityFile = (stateDir: string) => join(stateDir, 'no-spot-capacity');

/** Removes or restores the spot capacity of a local AWS, also before its start. */
export function setSpotCapacity(stateDir: string, available: boolean): void {
  claimStateDirectory(stateDir);
  if (available) rmSync(noCapacityFile(stateDir), { force: true });
  else writeFileSync(noCapacityFile(stateDir), '');
}
