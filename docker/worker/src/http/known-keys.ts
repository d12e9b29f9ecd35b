import type { KeyRow } from '../../../../core/contract/usage';
import { KeyCache, type KeyCacheOptions } from '../../../../core/keys/key-cache';
import { Refusal } from './refusal';

const RETRY_SECONDS = 2;

/** Looks up bearer keys, for a server that refuses requests if the lookup fails. */
export class KnownKeys {
  private readonly cache: KeyCache;

  constructor(options: KeyCacheOptions) {
    this.cache = new KeyCache(options);
  }

  /**
   * Returns the row of the key in an `Authorization` header. Undefined if the key is unknown or
   * revoked.
   *
   * @throws Refusal (503) if the lookup fails
   */
  async holder(authorization: string | undefined): Promise<KeyRow | undefined> {
    try {
      return await this.cache.holder(authorization);
    } catch (cause) {
      const message = 'The API key cannot be checked now. Try again later';
      throw new Refusal(503, 'busy', message, { 'retry-after': String(RETRY_SECONDS) }, { cause });
    }
  }
}
