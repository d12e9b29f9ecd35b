import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';
import { hashApiKey } from './api-key';
import { documentClient } from './document-client';
import { bearerKey, findKey } from './find-key';
import type { Caller } from './http';
import { env, lambdaHandler } from './runtime';

export interface Dependencies {
  client: DynamoDBDocumentClient;
  table: string;
}

type Answer = APIGatewaySimpleAuthorizerWithContextResult<Partial<Caller>>;

/** Lets the holder of a key in, as its tenant. What is not allowed gets no reason: there is nothing to learn here. */
export const handler = lambdaHandler(
  (): Dependencies => ({ client: documentClient(), table: env('keysTable') }),
  authorize,
);

export async function authorize(
  event: Pick<APIGatewayRequestAuthorizerEventV2, 'headers'>,
  { client, table }: Dependencies,
): Promise<Answer> {
  const key = bearerKey(event.headers?.authorization);
  const row = key === undefined ? undefined : await findKey(client, table, hashApiKey(key));
  if (row === undefined) return { isAuthorized: false, context: {} };
  return { isAuthorized: true, context: { tenant: row.tenant, key_id: row.id } };
}
