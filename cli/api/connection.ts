import { API_KEY_PREFIX } from '../../core/contract/keys';
import type { Connection } from './client';
import { UsageError } from '../errors';

export interface ConnectionOptions {
  url?: string;
  key?: string;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Finds URL and key of the API: from the options, then from `SPOTSCRIBE_URL` and `SPOTSCRIBE_KEY`,
 * then from the local AWS. The key of the local AWS is used only for its own URL.
 *
 * @throws UsageError if one is missing or not valid; the message says where to get it
 */
export async function findConnection(
  options: ConnectionOptions,
  env: NodeJS.ProcessEnv,
  local: () => Promise<Connection | undefined>,
): Promise<Connection> {
  const given = { url: options.url ?? env.SPOTSCRIBE_URL, key: options.key ?? env.SPOTSCRIBE_KEY };
  const running = given.url === undefined || given.key === undefined ? await local() : undefined;
  const url = given.url ?? running?.url;
  if (url === undefined) {
    throw new UsageError(
      'No API URL is set. Set --url or SPOTSCRIBE_URL (output "ApiUrl" of the stack), ' +
        'or start a local AWS with "spotscribe local up"',
    );
  }
  const checked = checkedUrl(url);
  const key = given.key ?? (running?.url === url ? running.key : undefined);
  if (key === undefined) {
    throw new UsageError(
      `No key for ${url}. Set SPOTSCRIBE_KEY or --key. "spotscribe keys create" creates one`,
    );
  }
  if (!key.startsWith(API_KEY_PREFIX)) {
    throw new UsageError(
      `The key must begin with "${API_KEY_PREFIX}"; got a key of ${key.length} characters`,
    );
  }
  return { url: checked, key };
}

function checkedUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new UsageError(`The URL must begin with https://; got "${url}"`);
  }
  if (
    parsed.protocol === 'http:' &&
    !LOOPBACK.has(parsed.hostname) &&
    !parsed.hostname.endsWith('.localhost')
  ) {
    throw new UsageError(`The key would be sent to ${parsed.host} without encryption: use https://`);
  }
  return url;
}
