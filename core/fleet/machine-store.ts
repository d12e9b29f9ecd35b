import { BatchGetCommand, type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ifHolds } from '../jobs/conditional-write';
import type { MachineRow } from '../contract/machine';
import { machineRowId } from '../contract/keys';

/** How long the row of a terminated machine is kept, for diagnosis. */
const KEPT_SECONDS = 7 * 86_400;

/** Most rows that DynamoDB returns for one request. */
const BATCH = 100;

/**
 * State of the fleet's machines. The rows are in the jobs table, because the workers already have
 * permission to write it.
 */
export class MachineStore {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  /** The rows of these machines, by instance id. Machines without a row are left out. */
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

  /** Writes a heartbeat. Returns the row, including the sizer's fields. */
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

  /**
   * Records that a machine has been silent since an instant, unless it wrote a heartbeat after
   * `row` was read.
   */
  async noteSilence(instanceId: string, row: MachineRow | undefined, since: number, now: number) {
    await this.update(instanceId, 'SET silent_since = :since, looked_at = :now, expires_at = :expires', {
      condition: unchanged(row),
      values: { ...heartbeat(row), ':since': since, ':now': now, ':expires': expiry(now) },
    });
  }

  /** Records that AWS takes a machine back. */
  async noteInterruption(instanceId: string, now: number) {
    await this.client.send(
      new UpdateCommand({
        TableName: this.table,
        Key: { id: machineRowId(instanceId) },
        UpdateExpression: 'SET notice_at = :now, expires_at = :expires',
        ExpressionAttributeValues: { ':now': now, ':expires': expiry(now) },
      }),
    );
  }

  /**
   * Records that the sizer is about to terminate a machine.
   *
   * @returns false if the machine wrote a heartbeat after `row` was read and may be working, or
   *   another run has marked it
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

/** Condition: no heartbeat was written after the row was read. */
const unchanged = (row: MachineRow | undefined) =>
  row?.heartbeat_at === undefined ? 'attribute_not_exists(heartbeat_at)' : 'heartbeat_at = :heartbeat';

const heartbeat = (row: MachineRow | undefined) =>
  row?.heartbeat_at === undefined ? {} : { ':heartbeat': row.heartbeat_at };

const expiry = (now: number) => Math.floor(now / 1000) + KEPT_SECONDS;
