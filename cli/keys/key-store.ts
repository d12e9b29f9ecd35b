import { randomBytes } from 'node:crypto';
import { type DynamoDBDocumentClient, paginateScan, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { hashApiKey, newApiKey } from '../../core/keys/api-key';
import type { KeyRow } from '../../core/contract/usage';
import { CliError } from '../errors';

export type ShownKey = Omit<KeyRow, 'key_sha256'>;

/**
 * Daily limits of a key. Minutes of audio: null for no limit, undefined for the default of the
 * deployment. Other units: undefined for no limits.
 */
export type Limits = Pick<KeyRow, 'minutes_per_day' | 'units_per_day'>;

/** Prevents an update from creating an incomplete row if the key was deleted meanwhile. */
const STILL_THERE = 'attribute_exists(key_sha256)';

/** API keys in the table of a deployment. The table stores only the hash of a key. */
export class KeyStore {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  /** Creates a key. It cannot be read again later. */
  async create(tenant: string, name: string, limits: Limits = {}): Promise<ShownKey & { key: string }> {
    const key = newApiKey();
    const row: KeyRow = {
      key_sha256: hashApiKey(key),
      id: `key_${randomBytes(6).toString('hex')}`,
      tenant,
      name,
      created_at: new Date().toISOString(),
      ...defined(limits),
    };
    await this.client.send(new PutCommand({ TableName: this.table, Item: row }));
    return { ...shownKey(row), key };
  }

  /** Returns all keys, oldest first. */
  async list(): Promise<ShownKey[]> {
    return (await this.rows()).map(shownKey);
  }

  /**
   * Revokes a key. The API may accept it for another 30 s, for which it caches authorizations.
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
   * Changes the given daily limits of a key. A limit that is undefined is removed.
   *
   * @throws CliError `not_found`
   */
  async setLimits(id: string, limits: Limits): Promise<ShownKey> {
    const row = await this.row(id);
    const set = Object.entries(defined(limits));
    const removed = Object.keys(limits).filter((name) => !set.some(([each]) => each === name));
    const clauses = [
      ...(set.length === 0 ? [] : [`SET ${set.map(([name]) => `${name} = :${name}`).join(', ')}`]),
      ...(removed.length === 0 ? [] : [`REMOVE ${removed.join(', ')}`]),
    ];
    await this.client.send(
      new UpdateCommand({
        TableName: this.table,
        Key: { key_sha256: row.key_sha256 },
        ConditionExpression: STILL_THERE,
        UpdateExpression: clauses.join(' '),
        ...(set.length > 0 && {
          ExpressionAttributeValues: Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
        }),
      }),
    );
    return shownKey({ ...row, ...limits });
  }

  private async row(id: string): Promise<KeyRow> {
    const row = (await this.rows()).find((each) => each.id === id);
    if (row !== undefined) return row;
    throw new CliError(
      'not_found',
      `The key ${id} does not exist. Run "spotscribe keys list" to see the keys`,
    );
  }

  private async rows(): Promise<KeyRow[]> {
    const rows: KeyRow[] = [];
    const pages = paginateScan({ client: this.client }, { TableName: this.table, ConsistentRead: true });
    for await (const { Items } of pages) rows.push(...((Items ?? []) as KeyRow[]));
    return rows.sort((a, b) => a.created_at.localeCompare(b.created_at));
  }
}

const shownKey = (row: KeyRow): ShownKey => {
  const { id, tenant, name, created_at, revoked_at, minutes_per_day, units_per_day } = row;
  return { id, tenant, name, created_at, revoked_at, minutes_per_day, units_per_day };
};

const defined = (limits: Limits): Limits =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
