import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { s3Client } from '../frame/s3-client';
import { announce } from '../../core/jobs/completion';
import type { JobRow } from '../../core/contract/job';
import { arrivedInput, eraseObjects } from '../../core/jobs/job-objects';
import { env, envNumber, lambdaHandler, type Tools } from '../frame/runtime';
import { dispatch, sendJob, wakeFleet } from './send-job';
import { takeIn, type TakeIn } from './take-in';

export type Dependencies = TakeIn;

/** Most jobs in one run. The rest follows in the next run, a minute later. */
const BATCH = 200;

/**
 * Requeues jobs whose message was lost, queues uploads whose event was lost, and expires uploads
 * that did not arrive.
 */
export const handler = lambdaHandler(
  (): Dependencies => ({
    ...dispatch(),
    s3: s3Client(),
    events: new EventBridgeClient(),
    bucket: env('mediaBucket'),
    path: env('path'),
    maxUploadBytes: envNumber('maxUploadBytes'),
    maxAudioSeconds: envNumber('maxAudioSeconds'),
  }),
  sweepJobs,
);

export async function sweepJobs(_event: unknown, dependencies: Dependencies, tools: Tools): Promise<void> {
  const { logger, metrics } = tools;
  const due = await dependencies.store.due(new Date(), BATCH);
  const count = { requeued: 0, expired: 0, failed: 0 };
  for (const row of due) {
    try {
      count[await sweep(row, dependencies, tools)]++;
    } catch (error) {
      // One failure must not delay the other jobs. The job is due again in the next run.
      count.failed++;
      logger.error('could not sweep a job', { job_id: row.id, error: error as Error });
    }
  }
  if (count.requeued > 0) await wakeFleet(dependencies);
  metrics.addMetric('JobsRequeued', MetricUnit.Count, count.requeued);
  metrics.addMetric('JobsExpired', MetricUnit.Count, count.expired);
  if (count.failed > 0) throw new Error(`${count.failed} of ${due.length} jobs could not be swept`);
}

async function sweep(row: JobRow, dependencies: Dependencies, tools: Tools): Promise<'requeued' | 'expired'> {
  const { store, s3, bucket, events, path } = dependencies;
  if (row.status !== 'awaiting_upload') {
    await sendJob(dependencies, row);
    return 'requeued';
  }
  const input = await arrivedInput(s3, bucket, row);
  if (input !== undefined) {
    await takeIn(row.id, { key: row.input_key, ...input }, dependencies, tools);
    return 'requeued';
  }
  const error = { code: 'upload_expired', message: 'The upload did not arrive in time' } as const;
  const expired = await store.expire(row.id, error, new Date());
  if (expired?.speaker_recordings !== undefined) await eraseObjects(s3, bucket, expired);
  if (expired !== undefined) await announce(events, path, expired);
  return 'expired';
}
