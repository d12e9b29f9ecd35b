import { LRUCache } from 'lru-cache';
import { hashApiKey } from './api-key';
import { KEY_CACHE_SECONDS } from '../contract/limits';
import type { KeyRow } from '../contract/usage';
import { bearerKey } from './find-key';

export interface KeyCacheOptions {
  /** Looks a key up by its hash, see `findKey`. */
  find: (sha256: string) => Promise<KeyRow | undefined>;
  /** For how long an answer counts. @default KEY_CACHE_SECONDS */
  ttlMs?: number;
  /** Most keys that are remembered, unknown ones included. @default 1000 */
  most?: number;
  /** Most look-ups at once: strangers who try keys must not take all of a machine's time. @default 32 */
  mostLookups?: number;
}

/** Who holds a bearer key. An answer is remembered for a while, good or bad, under the key's hash: a key itself is kept nowhere. */
export class KeyCache {
  private readonly rows: LRUCache<string, { row: KeyRow | undefined }>;
  private lookups = 0;

  constructor({ find, ttlMs = KEY_CACHE_SECONDS * 1000, most = 1000, mostLookups = 32 }: KeyCacheOptions) {
    this.rows = new LRUCache({
      max: most,
      ttl: ttlMs,
      fetchMethod: async (sha256) => {
        if (this.lookups >= mostLookups) throw new Error(`${this.lookups} keys are being looked up`);
        this.lookups++;
        try {
          return { row: await find(sha256) };
        } finally {
          this.lookups--;
        }
      },
    });
  }

  /** The row of the key in an `Authorization` header; undefined for one that nobody has, or that was revoked. */
  async holder(authorization: string | undefined): Promise<KeyRow | undefined> {
    const key = bearerKey(authorization);
    return key === undefined ? undefined : (await this.rows.fetch(hashApiKey(key)))?.row;
  }
}
