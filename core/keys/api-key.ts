import { createHash, randomBytes } from 'node:crypto';
import { API_KEY_PREFIX } from '../contract/keys';

/** A new bearer key with 256 random bits. */
export const newApiKey = (): string => API_KEY_PREFIX + randomBytes(32).toString('base64url');

/**
 * SHA-256 of a key, in hex. A plain hash is sufficient, because 256 random bits cannot be guessed.
 */
export const hashApiKey = (key: string): string => createHash('sha256').update(key).digest('hex');
