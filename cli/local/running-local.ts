import { isAlive } from '../../local/processes';
import { type LocalState, readLocalState, stateDirectory } from '../../local/state';
import { CliError } from '../errors';

/**
 * State of the local AWS.
 *
 * @throws CliError if it is not running; the message says whether processes of an earlier one are
 * left
 */
export function runningLocal(stateDir?: string): LocalState {
  const state = readLocalState(stateDirectory(stateDir));
  if (state !== undefined && isAlive(state.owner)) return state;
  const leftovers = state?.processes.filter(isAlive).length ?? 0;
  const cure =
    leftovers > 0
      ? `, but ${leftovers} of its processes are. Stop them with "spotscribe local down"`
      : '. Start it with "spotscribe local up"';
  throw new CliError('not_found', `The local AWS is not running${cure}`);
}
