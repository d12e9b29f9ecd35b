import { randomBytes } from 'node:crypto';
import { type DynamoDBDocumentClient, paginateScan, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { hashApiKey, newApiKey } from '../../core/keys/api-key';
import type { KeyRow } from '../../core/contract/usage';
import { CliError } from '../errors';

export type ShownKey = Omit<KeyRow, 'key_sha256'>;

/** Null for no limit, undefined for what the deployment allows. */
export type MinutesPerDay = KeyRow['minutes_per_day'];

/** A row deleted meanwhile must not come back as a half one. */
const STILL_THERE = 'attribute_exists(key_sha256)';

/** The keys of a deployment, in its table. A key itself is never stored. */
export class KeyStore {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  /** Makes a key, which nobody can ever read again. */
  async create(tenant: string, name: string, minutes?: MinutesPerDay): Promise<ShownKey & { key: string }> {
    const key = newApiKey();
    const row: KeyRow = {
      key_sha256: hashApiKey(key),
      id: `key_${randomBytes(6).toString('hex')}`,
      tenant,
      name,
      created_at: new Date().toISOString(),
      ...(minutes !== undefined && { minutes_per_day: minutes }),
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
    const row = await this.row(id);
    if (row.revoked_at !== undefined) return shownKey(row);
    const revoked_at = new Date().toISOString();
    await this.client.send(
      new UpdateCommand({
        TableName: this.table,
        Key: { key_sha256: row.key_sha256 },
        UpdateExpression: 'SET revoked_at = if_not_exists(revoked_at, :now)',
        ConditionExpression: STILL_THERE,
        ExpressionAttributeValues: { ':now': revoked_at },
      }),
    );
    return { ...shownKey(row), revoked_at };
  }

  /**
   * Changes how much a key may use each day; undefined leaves it to the deployment.
   *
   * @throws CliError `not_found`
   */
  async setMinutes(id: string, minutes: MinutesPerDay): Promise<ShownKey> {
    const row = await this.row(id);
    await this.client.send(
      new UpdateCommand({
        TableName: this.table,
        Key: { key_sha256: row.key_sha256 },
        ConditionExpression: STILL_THERE,
        ...(minutes === undefined
          ? { UpdateExpression: 'REMOVE minutes_per_day' }
          : {
              UpdateExpression: 'SET minutes_per_day = :minutes',
              ExpressionAttributeValues: { ':minutes': minutes },
            }),
      }),
    );
    return shownKey({ ...row, minutes_per_day: minutes });
  }

  private async row(id: string): Promise<KeyRow> {
    const row = (await this.rows()).find((each) => each.id === id);
    if (row !== undefined) return row;
    throw new CliError('not_found', `There is no key ${id}; "spotscribe keys list" shows those there are`);
  }

  private async rows(): Promise<KeyRow[]> {
    const rows: KeyRow[] = [];
    const pages = paginateScan({ client: this.client }, { TableName: this.table, ConsistentRead: true });
    for await (const { Items } of pages) rows.push(...((Items ?? []) as KeyRow[]));
    return rows.sort((a, b) => a.created_at.localeCompare(b.created_at));
  }
}

const shownKey = ({ id, tenant, name, created_at, revoked_at, minutes_per_day }: KeyRow): ShownKey => ({
  id,
  tenant,
  name,
  created_at,
  revoked_at,
  minutes_per_day,
});
