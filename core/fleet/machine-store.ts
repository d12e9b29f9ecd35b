import { BatchGetCommand, type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ifHolds } from '../jobs/conditional-write';
import type { MachineRow } from '../contract/machine';
import { machineRowId } from '../contract/keys';

/** A machine that is gone writes no more; its row stays for as long, for anyone who wants to look. */
const KEPT_SECONDS = 7 * 86_400;

/** Most rows that DynamoDB returns for one request. */
const BATCH = 100;

/** What is known about the fleet's machines: rows of the jobs table, which their workers may write already. */
export class MachineStore {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  /** The rows of these machines, by instance id; a machine without a row is left out. */
  async find(instanceIds: readonly string[]): Promise<Map<string, MachineRow>> {
    const rows: MachineRow[] = [];
    for (let start = 0; start < instanceIds.length; start += BATCH) {
      const Keys = instanceIds.slice(start, start + BATCH).map((id) => ({ id: machineRowId(id) }));
      const { Responses = {} } = await this.client.send(
        new BatchGetCommand({ RequestItems: { [this.table]: { Keys, ConsistentRead: true } } }),
      );
      rows.push(...((Responses[this.table] ?? []) as MachineRow[]));
    }
    const byId = new Map(rows.map((row) => [row.id, row]));
    return new Map(
      instanceIds.flatMap((id) => {
        const row = byId.get(machineRowId(id));
        return row === undefined ? [] : [[id, row] as const];
      }),
    );
  }

  /** Writes a heartbeat. Returns the row with what the sizer has written. */
  async beat(instanceId: string, idleSeconds: number, now: number): Promise<MachineRow> {
    const { Attributes } = await this.client.send(
      new UpdateCommand({
        TableName: this.table,
        Key: { id: machineRowId(instanceId) },
        UpdateExpression:
          'SET heartbeat_at = :now, idle_seconds = :idle, expires_at = :expires REMOVE silent_since, looked_at',
        ExpressionAttributeValues: { ':now': now, ':idle': idleSeconds, ':expires': expiry(now) },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Attributes as MachineRow;
  }

  /** Notes that a machine has been silent since an instant, unless it has written a heartbeat after `row` was read. */
  async noteSilence(instanceId: string, row: MachineRow | undefined, since: number, now: number) {
    await this.update(instanceId, 'SET silent_since = :since, looked_at = :now, expires_at = :expires', {
      condition: unchanged(row),
      values: { ...heartbeat(row), ':since': since, ':now': now, ':expires': expiry(now) },
    });
  }

  /**
   * Marks a machine as about to be ended by the sizer.
   *
   * @returns false if it has written a heartbeat after `row` was read, and may work now, or another run has marked it
   */
  markEnding(instanceId: string, row: MachineRow | undefined, now: number): Promise<boolean> {
    const { ending_at } = row ?? {};
    const unmarked = ending_at === undefined ? 'attribute_not_exists(ending_at)' : 'ending_at = :ending';
    return this.update(instanceId, 'SET ending_at = :now, expires_at = :expires', {
      condition: `${unchanged(row)} AND ${unmarked}`,
      values: {
        ...heartbeat(row),
        ...(ending_at !== undefined && { ':ending': ending_at }),
        ':now': now,
        ':expires': expiry(now),
      },
    });
  }

  private async update(
    instanceId: string,
    UpdateExpression: string,
    { condition, values }: { condition: string; values: Record<string, unknown> },
  ): Promise<boolean> {
    const update = new UpdateCommand({
      TableName: this.table,
      Key: { id: machineRowId(instanceId) },
      UpdateExpression,
      ConditionExpression: condition,
      ExpressionAttributeValues: values,
    });
    return (await ifHolds(this.client.send(update))) !== undefined;
  }
}

/** The condition that no heartbeat was written after the row was read. */
const unchanged = (row: MachineRow | undefined) =>
  row?.heartbeat_at === undefined ? 'attribute_not_exists(heartbeat_at)' : 'heartbeat_at = :heartbeat';

const heartbeat = (row: MachineRow | undefined) =>
  row?.heartbeat_at === undefined ? {} : { ':heartbeat': row.heartbeat_at };

const expiry = (now: number) => Math.floor(now / 1000) + KEPT_SECONDS;
