import { DeleteObjectsCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { announce } from '../../../lambda/completion';
import { type JobRow, KEY, type Machine, type Transcript } from '../../../lambda/contract';
import type { JobStore } from '../../../lambda/job-store';
import { receipt } from '../../../lambda/prices';
import type { Checkpoints } from './checkpoints';
import { stagesAtEnd } from './stages';

export interface EndingTools {
  s3: S3Client;
  events: EventBridgeClient;
  store: JobStore;
  checkpoints: Checkpoints;
  bucket: string;
  path: string;
  machine: Machine;
}

/** How jobs end: what is written, and in which order. */
export class Endings {
  constructor(private readonly tools: EndingTools) {}

  /**
   * Writes the result, then the row that names it: until then the result is nothing but an object.
   *
   * @param processing seconds that machines spent on the job
   * @throws StaleAttempt if the job is no longer this attempt's
   */
  async commit(row: JobRow, transcript: Transcript, processing: number): Promise<JobRow> {
    const { s3, bucket, store, machine } = this.tools;
    const transcript_key = KEY.transcript(row.id, row.attempt);
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: transcript_key,
        Body: JSON.stringify(transcript),
        ContentType: 'application/json',
      }),
    );
    const now = new Date();
    const sinceQueued = (now.getTime() - Date.parse(row.queued_at ?? row.created_at)) / 1000;
    return store.commit(
      row.id,
      row.attempt,
      {
        transcript_key,
        receipt: receipt(machine, { audio: transcript.duration, sinceQueued, processing }),
        degraded: transcript.degraded,
        stages: stagesAtEnd(row.options, transcript),
      },
      now,
    );
  }

  /** Announces the end and removes the checkpoint: both may be done twice. */
  async proclaim(row: JobRow): Promise<void> {
    const { events, path, checkpoints } = this.tools;
    await Promise.all([announce(events, path, row), checkpoints.remove(row.id)]);
  }

  /** Erases what an attempt wrote whose job was cancelled, or went to another. */
  async eraseAttempt({ id, attempt }: JobRow, and: { checkpoint: boolean }): Promise<void> {
    const { s3, bucket } = this.tools;
    const keys = [KEY.transcript(id, attempt), ...(and.checkpoint ? [KEY.checkpoint(id)] : [])];
    await s3.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true },
      }),
    );
  }
}
