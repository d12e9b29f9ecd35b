import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimStateDirectory } from './state';

/** While this file exists, the emulated EC2 has no spot machines to give. */
export const noCapacityFile = (stateDir: string) => join(stateDir, 'no-spot-capacity');

/** Takes the spot capacity of a local AWS away, or gives it back. It need not run yet. */
export function setSpotCapacity(stateDir: string, available: boolean): void {
  claimStateDirectory(stateDir);
  if (available) rmSync(noCapacityFile(stateDir), { force: true });
  else writeFileSync(noCapacityFile(stateDir), '');
}
