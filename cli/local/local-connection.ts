import { OUTPUT } from '../../core/contract/environment';
import { isAlive } from '../../local/processes';
import { readLocalState } from '../../local/state';
import type { Connection } from '../api/client';

/** The API of the local AWS, if it is running. */
export async function localConnection(): Promise<Connection | undefined> {
  const state = readLocalState();
  const url = state?.outputs[OUTPUT.apiUrl];
  if (state?.key === undefined || url === undefined || !isAlive(state.owner)) return undefined;
  return { url, key: state.key };
}
