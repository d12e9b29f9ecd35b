import type { KeyRow } from '../../../../core/contract/usage';
import { KeyCache, type KeyCacheOptions } from '../../../../core/keys/key-cache';
import { Refusal } from './refusal';

const RETRY_SECONDS = 2;

/** Who holds a bearer key, for a server that refuses whom it cannot look up. */
export class KnownKeys {
  private readonly cache: KeyCache;

  constructor(options: KeyCacheOptions) {
    this.cache = new KeyCache(options);
  }

  /**
   * The row of the key in an `Authorization` header; undefined for one that nobody has, or that was revoked.
   *
   * @throws Refusal (503) if that cannot be found out now
   */
  async holder(authorization: string | undefined): Promise<KeyRow | undefined> {
    try {
      return await this.cache.holder(authorization);
    } catch (cause) {
      const message = 'The key cannot be checked at present. Try again in a moment';
      throw new Refusal(503, 'busy', message, { 'retry-after': String(RETRY_SECONDS) }, { cause });
    }
  }
}
