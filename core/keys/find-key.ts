import { GetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { API_KEY_PREFIX } from '../contract/keys';
import type { KeyRow } from '../contract/usage';

/** The key in an `Authorization` header; undefined if it cannot be a key of Spotscribe. */
export function bearerKey(authorization = ''): string | undefined {
  const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  return key?.startsWith(API_KEY_PREFIX) ? key : undefined;
}

/** The row of a key, by its hash; undefined if it is unknown or revoked. */
export async function findKey(
  client: DynamoDBDocumentClient,
  table: string,
  sha256: string,
  abortSignal?: AbortSignal,
): Promise<KeyRow | undefined> {
  const { Item } = await client.send(new GetCommand({ TableName: table, Key: { key_sha256: sha256 } }), {
    abortSignal,
  });
  const row = Item as KeyRow | undefined;
  return row?.revoked_at === undefined ? row : undefined;
}
