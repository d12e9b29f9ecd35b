import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { BatchGetCommand, type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ifHolds } from '../jobs/conditional-write';
import { defined } from '../jobs/row-update';
import type { MachineRow } from '../contract/machine';
import { machineRowId } from '../contract/keys';

/** How long the row of a terminated machine is kept, for diagnosis. */
const KEPT_SECONDS = 7 * 86_400;

/** What a worker reports of its machine. The rates that it has not learnt stay as they are. */
export type WorkerReport = Required<Pick<MachineRow, 'idle_seconds'>> &
  Pick<MachineRow, 'ready_at' | 'busy_until' | 'holding' | 'speeds' | 'densities'>;

/** Attributes of a machine whose worker holds jobs. */
const HELD = ['busy_until', 'holding'];

/** Most rows that DynamoDB returns for one request. */
const BATCH = 100;

/** Concurrent requests: 5,000 rows are read in five rounds. */
const CONCURRENT = 10;

/** Requests for a batch of which DynamoDB has left out rows, because it throttles. */
const TRIES = 5;

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
    const batches = Array.from({ length: Math.ceil(instanceIds.length / BATCH) }, (_, at) =>
      instanceIds.slice(at * BATCH, (at + 1) * BATCH).map((id) => ({ id: machineRowId(id) })),
    );
    const rows = await pLimit(CONCURRENT).map(batches, (keys) => this.batch(keys));
    const byId = new Map(rows.flat().map((row) => [row.id, row]));
    return new Map(
      instanceIds.flatMap((id) => {
        const row = byId.get(machineRowId(id));
        return row === undefined ? [] : [[id, row] as const];
      }),
    );
  }

  private async batch(keys: Record<string, unknown>[]): Promise<MachineRow[]> {
    const rows: MachineRow[] = [];
    let Keys = keys;
    for (let attempt = 1; Keys.length > 0; attempt++) {
      // Without its row, a working machine would look like one without a worker.
      if (attempt > TRIES) throw new Error(`DynamoDB left out ${Keys.length} rows of machines`);
      const { Responses = {}, UnprocessedKeys = {} } = await this.client.send(
        new BatchGetCommand({ RequestItems: { [this.table]: { Keys, ConsistentRead: true } } }),
      );
      rows.push(...((Responses[this.table] ?? []) as MachineRow[]));
      Keys = UnprocessedKeys[this.table]?.Keys ?? [];
      if (Keys.length > 0) await sleep(50 * 2 ** attempt);
    }
    return rows;
  }

  /** Writes a heartbeat. Returns the row, including the sizer's fields. */
  async beat(instanceId: string, report: WorkerReport, now: number): Promise<MachineRow> {
    const { ready_at, ...current } = report;
    const set = defined({ ...current, heartbeat_at: now, expires_at: expiry(now) });
    const gone = ['silent_since', 'looked_at', ...(report.holding === undefined ? HELD : [])];
    const sets = set.map(([name]) => `#${name} = :${name}`);
    // A worker that starts anew on the machine does not change when the machine was ready.
    if (ready_at !== undefined) sets.push('#ready_at = if_not_exists(#ready_at, :ready_at)');
    const values = [...set, ...defined({ ready_at })];
    const { Attributes } = await this.client.send(
      new UpdateCommand({
        TableName: this.table,
        Key: { id: machineRowId(instanceId) },
        UpdateExpression: `SET ${sets.join(', ')} REMOVE ${gone.map((name) => `#${name}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(
          [...values.map(([name]) => name), ...gone].map((name) => [`#${name}`, name]),
        ),
        ExpressionAttributeValues: Object.fromEntries(values.map(([name, value]) => [`:${name}`, value])),
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
  noteInterruption(instanceId: string, now: number): Promise<void> {
    return this.note(instanceId, 'notice_at', now);
  }

  /** Records that a machine must take no more jobs. */
  noteDrain(instanceId: string, now: number): Promise<void> {
    return this.note(instanceId, 'drain_at', now);
  }

  private async note(instanceId: string, attribute: 'notice_at' | 'drain_at', now: number): Promise<void> {
    await this.client.send(
      new UpdateCommand({
        TableName: this.table,
        Key: { id: machineRowId(instanceId) },
        UpdateExpression: `SET ${attribute} = :now, expires_at = :expires`,
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
