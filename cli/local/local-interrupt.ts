import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { stateDirectory } from '../../local';
import { giveSpotNotice } from '../../local/machine/spot-notice';
import { machinesFolder } from '../../local/state';
import type { Context } from '../context';
import { CliError } from '../errors';
import { wholeNumber } from '../options';
import { runningLocal } from './running-local';

/** As EC2 gives notice. */
const SPOT_NOTICE_SECONDS = 120;

interface Options {
  stateDir?: string;
  machine?: string;
  seconds: number;
}

/** `spotscribe local interrupt` */
export function registerInterrupt(local: Command, stateDir: Option, context: Context) {
  local
    .command('interrupt')
    .description('take a machine back as EC2 does with a spot machine, after a notice')
    .addOption(stateDir)
    .option('--machine <id>', 'which one (default: the first)')
    .option('--seconds <number>', 'from the notice to the end', wholeNumber(0, 3600), SPOT_NOTICE_SECONDS)
    .action((options: Options) => interrupt(options, context));
}

/** Gives a machine its notice; the fleet does the rest. */
function interrupt({ stateDir, machine, seconds }: Options, { terminal }: Context): void {
  const staying = runningLocal(stateDir).machines.filter(({ leaving }) => !leaving);
  const found = staying.find(({ id }) => machine === undefined || id === machine);
  if (found === undefined) {
    const known = staying.map(({ id }) => id).join(', ') || 'none';
    const which = machine === undefined ? 'no machine' : `no machine ${JSON.stringify(machine)}`;
    throw new CliError('not_found', `There is ${which} to take back. Running: ${known}`);
  }
  const folder = join(machinesFolder(stateDirectory(stateDir)), found.id);
  giveSpotNotice(folder, new Date(Date.now() + seconds * 1000));
  terminal.say(`${found.id} will be gone in ${seconds} s`);
}
