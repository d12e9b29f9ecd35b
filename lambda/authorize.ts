import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';
import { documentClient } from './document-client';
import { findKey } from './find-key';
import type { Caller, Unchecked } from './http';
import { KeyCache } from './key-cache';
import { isOverload } from './overload';
import { limitSeconds } from './quota';
import { env, lambdaHandler, optionalNumber, type Tools } from './runtime';

export interface Dependencies {
  keys: Pick<KeyCache, 'holder'>;
  /** Minutes of audio per day for keys without a number of their own. @default - no limit */
  minutesPerDay?: number;
}

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
  const [client, table] = [documentClient(), env('keysTable')];
  return {
    keys: new KeyCache({ find: (sha256) => findKey(client, table, sha256) }),
    minutesPerDay: optionalNumber('minutesPerDayPerKey'),
  };
}, authorize);

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
    if (!isOverload(error)) throw error;
    logger.warn('overloaded', error as Error);
    return { isAuthorized: true, context: { unchecked: true } };
  }
}
