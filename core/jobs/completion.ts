import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { EVENT } from '../contract/environment';
import type { JobEvent, JobRow } from '../contract/job';

/**
 * Announces the end of a job on the default event bus. A job may be announced more than once: listeners go by its id.
 *
 * @throws if the bus did not take the event
 */
export async function announce(client: EventBridgeClient, path: string, row: JobRow): Promise<void> {
  const { id, tenant, status, name, error, receipt } = row;
  if (!(status in EVENT.detailType)) throw new Error(`Job ${id} is ${status}: there is no end to announce`);
  const detail: JobEvent = { job_id: id, tenant, path, status, name, error, receipt };
  const { FailedEntryCount, Entries } = await client.send(
    new PutEventsCommand({
      Entries: [
        {
          Source: EVENT.source,
          DetailType: EVENT.detailType[status as keyof typeof EVENT.detailType],
          Detail: JSON.stringify(detail),
        },
      ],
    }),
  );
  if (FailedEntryCount)
    throw new Error(`The event bus refused the end of job ${id}: ${Entries?.[0]?.ErrorMessage}`);
}
