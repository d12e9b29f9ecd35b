import { DEFAULT_TENANT } from '../../core/contract/keys';
import type { LocalAws } from '../../local';
import { clientConfiguration } from '../../local/emulator';
import { keyStore } from '../keys/open-key-store';

/** Creates an API key for the user of this machine. */
export async function createLocalKey({ endpoint, outputs }: LocalAws): Promise<string> {
  const store = keyStore(clientConfiguration(endpoint), outputs);
  const { key } = await store.create(DEFAULT_TENANT, 'this machine');
  return key;
}
