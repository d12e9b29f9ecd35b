import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Format of EC2's metadata `spot/instance-action` for a spot machine that will be interrupted. */
interface SpotNotice {
  action: 'terminate';
  /** ISO 8601. */
  time: string;
}

const file = (machine: string) => join(machine, 'spot-instance-action.json');

/** Sends a machine a spot notice. @param machine - folder of the machine */
export function giveSpotNotice(machine: string, gone: Date): void {
  const notice: SpotNotice = { action: 'terminate', time: gone.toISOString() };
  writeFileSync(file(machine), JSON.stringify(notice));
}

/**
 * Time of a machine's interruption; undefined without notice.
 *
 * @param machine - folder of the machine
 */
export function spotNotice(machine: string): Date | undefined {
  try {
    return new Date((JSON.parse(readFileSync(file(machine), 'utf8')) as SpotNotice).time);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
