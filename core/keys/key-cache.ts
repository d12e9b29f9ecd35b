import { LRUCache } from 'lru-cache';
import { hashApiKey } from './api-key';
import { KEY_CACHE_SECONDS } from '../contract/limits';
import type { KeyRow } from '../contract/usage';
import { bearerKey } from './find-key';

export interface KeyCacheOptions {
  /** Looks up a key by its hash, see `findKey`. */
  find: (sha256: string) => Promise<KeyRow | undefined>;
  /** How long a result is cached. @default KEY_CACHE_SECONDS */
  ttlMs?: number;
  /** Most cached keys, unknown ones included. @default 1000 */
  most?: number;
  /** Most concurrent look-ups, so that guessing keys cannot overload a machine. @default 32 */
  mostLookups?: number;
}

/**
 * Looks up the owners of bearer keys. Results are cached under the key's hash, also for unknown
 * keys. The keys themselves are not stored.
 */
export class KeyCache {
  private readonly rows: LRUCache<string, { row: KeyRow | undefined }>;
  private lookups = 0;

  constructor({ find, ttlMs = KEY_CACHE_SECONDS * 1000, most = 1000, mostLookups = 32 }: KeyCacheOptions) {
    this.rows = new LRUCache({
      max: most,
      ttl: ttlMs,
      fetchMethod: async (sha256) => {
        if (this.lookups >= mostLookups) throw new Error(`Too many concurrent key look-ups: ${this.lookups}`);
        this.lookups++;
        try {
          return { row: await find(sha256) };
        } finally {
          this.lookups--;
        }
      },
    });
  }

  /**
   * The row of the key in an `Authorization` header; undefined if the key is unknown or revoked.
   */
  async holder(authorization: string | undefined): Promise<KeyRow | undefined> {
    const key = bearerKey(authorization);
    return key === undefined ? undefined : (await this.rows.fetch(hashApiKey(key)))?.row;
  }
}
