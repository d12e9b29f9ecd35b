import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';
import { hashApiKey } from './api-key';
import { documentClient } from './document-client';
import { bearerKey, findKey } from './find-key';
import type { Caller } from './http';
import { limitSeconds } from './quota';
import { env, lambdaHandler, optionalNumber } from './runtime';

export interface Dependencies {
  client: DynamoDBDocumentClient;
  table: string;
  /** Minutes of audio per day for keys without a number of their own. @default - no limit */
  minutesPerDay?: number;
}

type Answer = APIGatewaySimpleAuthorizerWithContextResult<Partial<Caller>>;

/**
 * Says whose a key is: its tenant, its id and what it may use. The gateway remembers that for half a minute, so that
 * nothing that changes by the minute belongs here. Of a key that is unknown or revoked nothing is said, not even why.
 *
 * Everybody is let pass: a refusal here becomes a 403 at an HTTP API, in the gateway's own words, and clients of
 * OpenAI's API know a key that does not count by a 401. Without a context the frame of all handlers, `httpHandler`,
 * answers with that. What has no `Authorization` at all the gateway refuses by itself (401).
 */
export const handler = lambdaHandler(
  (): Dependencies => ({
    client: documentClient(),
    table: env('keysTable'),
    minutesPerDay: optionalNumber('minutesPerDayPerKey'),
  }),
  authorize,
);

export async function authorize(
  event: Pick<APIGatewayRequestAuthorizerEventV2, 'headers'>,
  { client, table, minutesPerDay }: Dependencies,
): Promise<Answer> {
  const key = bearerKey(event.headers?.authorization);
  const row = key === undefined ? undefined : await findKey(client, table, hashApiKey(key));
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
}
