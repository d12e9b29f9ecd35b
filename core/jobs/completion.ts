import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { EVENT } from '../contract/environment';
import type { JobEvent, JobRow } from '../contract/job';

/**
 * Sends an event for the end of a job to the default event bus. The event may be sent more than
 * once: listeners must deduplicate by the job's id.
 *
 * @throws Error if the bus rejected the event
 */
export async function announce(client: EventBridgeClient, path: string, row: JobRow): Promise<void> {
  const { id, tenant, status, name, error, receipt } = row;
  if (!(status in EVENT.detailType)) throw new Error(`Job ${id} is ${status}: it has not ended`);
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
    throw new Error(`The event bus rejected the event of job ${id}: ${Entries?.[0]?.ErrorMessage}`);
}
