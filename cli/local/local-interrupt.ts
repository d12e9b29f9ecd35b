import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { giveSpotNotice } from '../../local/machine/spot-notice';
import { machinesFolder, stateDirectory } from '../../local/state';
import type { Context } from '../context';
import { CliError } from '../errors';
import { wholeNumber } from '../options';
import { runningLocal } from './running-local';

/** Notice time of EC2 for spot machines. */
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
    .description('Simulates a spot interruption: notifies a machine, then terminates it.')
    .addOption(stateDir)
    .option('--machine <id>', 'machine to interrupt (default: the first)')
    .option(
      '--seconds <number>',
      'seconds from the notice to the termination',
      wholeNumber(0, 3600),
      SPOT_NOTICE_SECONDS,
    )
    .action((options: Options) => interrupt(options, context));
}

/** Sends the notice to a machine. The fleet terminates it. */
function interrupt({ stateDir, machine, seconds }: Options, { terminal }: Context): void {
  const staying = runningLocal(stateDir).machines.filter(({ leaving }) => !leaving);
  const found = staying.find(({ id }) => machine === undefined || id === machine);
  if (found === undefined) {
    const known = staying.map(({ id }) => id).join(', ') || 'none';
    const which = machine === undefined ? 'no machine' : `no machine ${JSON.stringify(machine)}`;
    throw new CliError('not_found', `There is ${which} to interrupt. Running: ${known}`);
  }
  const folder = join(machinesFolder(stateDirectory(stateDir)), found.id);
  giveSpotNotice(folder, new Date(Date.now() + seconds * 1000));
  terminal.say(`${found.id} will be terminated in ${seconds} s`);
}
