import { type LocalState, readLocalState, stateDirectory } from '../../local';
import { isAlive } from '../../local/processes';
import { CliError } from '../errors';

/**
 * The AWS that runs on this machine.
 *
 * @throws CliError if none does, and what is left of one that did
 */
export function runningLocal(stateDir?: string): LocalState {
  const state = readLocalState(stateDirectory(stateDir));
  if (state !== undefined && isAlive(state.owner)) return state;
  const leftovers = state?.processes.filter(isAlive).length ?? 0;
  const cure =
    leftovers > 0
      ? `, but ${leftovers} of its processes do: run "spotscribe local down"`
      : ': start one with "spotscribe local up"';
  throw new CliError('not_found', `No AWS runs on this machine${cure}`);
}
