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
import { isLimited, limitsOf } from '../../core/usage/quota';
import { env, lambdaHandler, optionalNumber, type Tools } from '../frame/runtime';

export interface Dependencies {
  keys: Pick<KeyCache, 'holder'>;
  /** Minutes of audio per day for keys without their own limit. @default - no limit */
  minutesPerDay?: number;
}

/**
 * Longest look-up of a key: half of the function's timeout, after which the gateway would answer
 * 500.
 */
const LOOK_UP_MS = 5000;

type Answer = APIGatewaySimpleAuthorizerWithContextResult<Partial<Caller> | Unchecked>;

/**
 * Looks up a key: its tenant, its id and its quota. Keys are cached for half a minute, so values
 * that change by the minute do not belong here. For an unknown or revoked key, nothing is returned,
 * not even the reason.
 *
 * Every request passes, even without a key: an HTTP API turns an authorizer's refusal into a 403
 * with the gateway's own message, but OpenAI's clients expect a 401 for a missing or wrong key.
 * `httpHandler`, which wraps all handlers, answers 401 if there is no context.
 */
export const handler = lambdaHandler((): Dependencies => {
  return {
    keys: keysOf(documentClient(), env('keysTable')),
    minutesPerDay: optionalNumber('minutesPerDayPerKey'),
  };
}, authorize);

/**
 * A cache for the keys of a table. A look-up throws `TooLate` at its timeout, so the next request
 * starts a new one.
 */
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
    const limits = limitsOf(row, minutesPerDay);
    return {
      isAuthorized: true,
      context: {
        tenant: row.tenant,
        key_id: row.id,
        // A context has no nested values.
        ...(isLimited(limits) && { units_per_day: JSON.stringify(limits) }),
      },
    };
  } catch (error) {
    if (!(error instanceof TooLate) && !isOverload(error)) throw error;
    logger.warn('overloaded', error as Error);
    return { isAuthorized: true, context: { unchecked: true } };
  }
}
