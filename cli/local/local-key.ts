import { DEFAULT_TENANT } from '../../core/contract/keys';
import { OUTPUT } from '../../core/contract/environment';
import { type LocalAws, readLocalState } from '../../local';
import { clientConfiguration } from '../../local/emulator';
import { isAlive } from '../../local/processes';
import type { Connection } from '../api/client';
import { keyStore } from '../keys/open-key-store';

/** Creates an API key for the user of this machine. */
export async function createLocalKey({ endpoint, outputs }: LocalAws): Promise<string> {
  const store = keyStore(clientConfiguration(endpoint), outputs);
  const { key } = await store.create(DEFAULT_TENANT, 'this machine');
  return key;
}

/** The API of the local AWS, if it is running. */
export async function localConnection(): Promise<Connection | undefined> {
  const state = readLocalState();
  const url = state?.outputs[OUTPUT.apiUrl];
  if (state?.key === undefined || url === undefined || !isAlive(state.owner)) return undefined;
  return { url, key: state.key };
}
