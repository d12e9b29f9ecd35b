import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { inTime, TooLate } from '../frame/deadline';
import { documentClient } from '../frame/document-client';
import { findKey } from '../../core/keys/find-key';
import type { Caller, Unchecked } from '../frame/caller';
import { KeyCache } from '../../core/keys/key-cache';
import { isOverload } from '../frame/overload';
import { limitSeconds } from '../../core/usage/quota';
import { env, lambdaHandler, optionalNumber, type Tools } from '../frame/runtime';

export interface Dependencies {
  keys: Pick<KeyCache, 'holder'>;
  /** Minutes of audio per day for keys without a number of their own. @default - no limit */
  minutesPerDay?: number;
}

/** Longest look-up of a key: half of the function's time, after which the gateway answers 500 for it. */
const LOOK_UP_MS = 5000;

type Answer = APIGatewaySimpleAuthorizerWithContextResult<Partial<Caller> | Unchecked>;

/**
 * Says whose a key is: its tenant, its id and what it may use. Keys are remembered for half a minute, so that nothing that
 * changes by the minute belongs here. Of a key that is unknown or revoked nothing is said, not even why.
 *
 * Every request is let pass, one without a key too: a refusal here becomes a 403 at an HTTP API, in the gateway's own words,
 * and clients of OpenAI's API know a missing or wrong key by a 401. Without a context the frame of all handlers,
 * `httpHandler`, answers with that.
 */
export const handler = lambdaHandler((): Dependencies => {
  return {
    keys: keysOf(documentClient(), env('keysTable')),
    minutesPerDay: optionalNumber('minutesPerDayPerKey'),
  };
}, authorize);

/** The keys of a table. A look-up ends with `TooLate` when its time is up, so that the next request makes a new one. */
export const keysOf = (client: DynamoDBDocumentClient, table: string, lookUpMs = LOOK_UP_MS): KeyCache =>
  new KeyCache({
    find: async (sha256) => {
      const abort = new AbortController();
      try {
        return await inTime(Date.now() + lookUpMs, findKey(client, table, sha256, abort.signal));
      } finally {
        abort.abort();
      }
    },
  });

export async function authorize(
  event: Pick<APIGatewayRequestAuthorizerEventV2, 'headers'>,
  { keys, minutesPerDay }: Dependencies,
  { logger }: Pick<Tools, 'logger'>,
): Promise<Answer> {
  try {
    const row = await keys.holder(event.headers?.authorization);
    if (row === undefined) return { isAuthorized: true, context: {} };
    const limit = limitSeconds(row, minutesPerDay);
    return {
      isAuthorized: true,
      context: {
        tenant: row.tenant,
        key_id: row.id,
        ...(limit !== undefined && { audio_seconds_per_day: limit }),
      },
    };
  } catch (error) {
    if (!(error instanceof TooLate) && !isOverload(error)) throw error;
    logger.warn('overloaded', error as Error);
    return { isAuthorized: true, context: { unchecked: true } };
  }
}
