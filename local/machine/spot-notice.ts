import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What EC2's metadata service tells a spot machine that is taken back, under `spot/instance-action`. */
interface SpotNotice {
  action: 'terminate';
  /** ISO 8601. */
  time: string;
}

const file = (machine: string) => join(machine, 'spot-instance-action.json');

/** Tells a machine that it will be gone. @param machine - its folder */
export function giveSpotNotice(machine: string, gone: Date): void {
  const notice: SpotNotice = { action: 'terminate', time: gone.toISOString() };
  writeFileSync(file(machine), JSON.stringify(notice));
}

/** When a machine will be gone; undefined if it has been told nothing. @param machine - its folder */
export function spotNotice(machine: string): Date | undefined {
  try {
    return new Date((JSON.parse(readFileSync(file(machine), 'utf8')) as SpotNotice).time);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
