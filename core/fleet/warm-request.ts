import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { WARM_ROW_ID } from '../contract/keys';
import type { WarmRow } from '../contract/machine';

/** Longest time of a request to keep machines warm, in seconds. */
export const LONGEST_WARM_SECONDS = 24 * 3600;

/** How the time of a request is written, for messages. */
export const WARM_TIME = 'a time such as 30m, 2h, 90s or 1h30m, at most 24h';

const TIME = /^(?=\d)(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,5})s)?$/;

/** Seconds of a time such as `30m`, `2h`, `90s` or `1h30m`; undefined if it is none, or too long. */
export function warmSeconds(text: string): number | undefined {
  const [, hours = 0, minutes = 0, seconds = 0] = TIME.exec(text) ?? [];
  const total = 3600 * Number(hours) + 60 * Number(minutes) + Number(seconds);
  return total > 0 && total <= LONGEST_WARM_SECONDS ? total : undefined;
}

type Request = Pick<WarmRow, 'machines' | 'until'>;

/**
 * Machines that a request keeps warm at an instant. A deployment may have lowered `maxMachines`
 * after the request.
 *
 * @param now epoch milliseconds
 */
export const requestedMachines = (
  request: Request | undefined,
  { maxMachines, now }: { maxMachines: number; now: number },
): number => (request === undefined || request.until <= now ? 0 : Math.min(request.machines, maxMachines));

/**
 * Machines to keep running without work: those of the schedule or of the request, whichever are
 * more.
 *
 * @param now epoch milliseconds
 */
export const warmFloor = (
  scheduled: number,
  request: Request | undefined,
  limits: { maxMachines: number; now: number },
): number => Math.max(scheduled, requestedMachines(request, limits));

/** The request to keep machines warm: one row of the jobs table. A new request replaces it. */
export class WarmRequests {
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  async find(): Promise<WarmRow | undefined> {
    const { Item } = await this.client.send(
      new GetCommand({ TableName: this.table, Key: { id: WARM_ROW_ID }, ConsistentRead: true }),
    );
    return Item as WarmRow | undefined;
  }

  /** @param until epoch milliseconds */
  async set(machines: number, until: number): Promise<WarmRow> {
    const row: WarmRow = { id: WARM_ROW_ID, machines, until, expires_at: Math.ceil(until / 1000) };
    await this.client.send(new PutCommand({ TableName: this.table, Item: row }));
    return row;
  }

  async remove(): Promise<void> {
    await this.client.send(new DeleteCommand({ TableName: this.table, Key: { id: WARM_ROW_ID } }));
  }
}
