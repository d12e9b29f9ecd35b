import { randomBytes } from 'node:crypto';
import { type DynamoDBDocumentClient, paginateScan, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { hashApiKey, newApiKey } from '../lambda/api-key';
import type { KeyRow } from '../lambda/contract';
import { CliError } from './errors';

export type ShownKey = Omit<KeyRow, 'key_sha256'>;

/** The keys of a deployment, in its table. A key itself is never stored. */
export class KeyStore {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  /** Makes a key, which nobody can ever read again. */
  async create(tenant: string, name: string): Promise<ShownKey & { key: string }> {
    const key = newApiKey();
    const row: KeyRow = {
      key_sha256: hashApiKey(key),
      id: `key_${randomBytes(6).toString('hex')}`,
      tenant,
      name,
      created_at: new Date().toISOString(),
    };
    await this.client.send(new PutCommand({ TableName: this.table, Item: row }));
    return { ...shownKey(row), key };
  }

  /** All keys, oldest first. */
  async list(): Promise<ShownKey[]> {
    return (await this.rows()).map(shownKey);
  }

  /**
   * Revokes a key: the API refuses it from then on, save for the half minute for which it remembers an answer.
   *
   * @throws CliError `not_found`
   */
  async revoke(id: string): Promise<ShownKey> {
    const row = (await this.rows()).find((each) => each.id === id);
    if (row === undefined) {
      throw new CliError('not_found', `There is no key ${id}; "spotscribe keys list" shows those there are`);
    }
    if (row.revoked_at !== undefined) return shownKey(row);
    const revoked_at = new Date().toISOString();
    await this.client.send(
      new UpdateCommand({
        TableName: this.table,
        Key: { key_sha256: row.key_sha256 },
        UpdateExpression: 'SET revoked_at = if_not_exists(revoked_at, :now)',
        // A row deleted meanwhile must not come back as a half one.
        ConditionExpression: 'attribute_exists(key_sha256)',
        ExpressionAttributeValues: { ':now': revoked_at },
      }),
    );
    return { ...shownKey(row), revoked_at };
  }

  private async rows(): Promise<KeyRow[]> {
    const rows: KeyRow[] = [];
    const pages = paginateScan({ client: this.client }, { TableName: this.table, ConsistentRead: true });
    for await (const { Items } of pages) rows.push(...((Items ?? []) as KeyRow[]));
    return rows.sort((a, b) => a.created_at.localeCompare(b.created_at));
  }
}

const shownKey = ({ id, tenant, name, created_at, revoked_at }: KeyRow): ShownKey => ({
  id,
  tenant,
  name,
  created_at,
  revoked_at,
});
