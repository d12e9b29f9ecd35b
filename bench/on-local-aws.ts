import { join } from 'node:path';
import { ApiClient } from '../cli/api/client';
import { createLocalKey } from '../cli/local/local-key';
import { OUTPUT } from '../core/contract/environment';
import { type LocalAws, type LocalAwsOptions, startLocalAws } from '../local';
import type { BenchContext } from './benchmark';

/** Runs `measure` on a new local AWS, which is always stopped afterwards. */
export async function onLocalAws<T>(
  { folder, signal, say }: BenchContext,
  options: Pick<LocalAwsOptions, 'machines' | 'path' | 'settings'>,
  measure: (aws: LocalAws, api: ApiClient) => Promise<T>,
): Promise<T> {
  const stateDir = join(folder, 'aws');
  let shown = '';
  const onProgress = (text: string) => {
    const step = text.replace(/ \d+\/\d+.*/, '');
    if (step !== shown) say((shown = step));
  };
  const aws = await startLocalAws({ stateDir, onProgress, signal, ...options });
  try {
    signal.throwIfAborted();
    const key = await createLocalKey(aws);
    // No retries: a retry would be hidden in the measured time.
    const api = new ApiClient({ url: aws.outputs[OUTPUT.apiUrl] ?? '', key }, { retryForMs: 0, signal });
    return await measure(aws, api);
  } finally {
    await aws.stop();
  }
}
