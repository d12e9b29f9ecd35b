import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { JobRow } from '../../../core/contract/job';
import type { Arrival, InputVersion } from '../../../core/jobs/job-store';
import { unitsOf } from '../../../core/jobs/job-tasks';
import { estimateOf, needsDuration, reservationOf } from '../../../core/tasks/estimates';
import type { Tools } from '../../frame/runtime';
import { BoundedTokenizer, type ReadRange } from './bounded-tokenizer';
import { durationOf } from './duration';

/** Longest time for the headers of an input: the job waits. */
const MEASURE_MS = 3000;

/** Reads of an input, and what limits its estimate. */
export interface Measuring {
  range: ReadRange;
  /** Longest audio of the deployment, in seconds. */
  maxAudioSeconds: number;
}

/**
 * Estimates the work in an input, by the duration in its headers or by its bytes. If the duration
 * cannot be read, it is not known: this never fails.
 *
 * @param bytes size of the input
 */
export async function measureInput(
  row: JobRow,
  bytes: number,
  { range, maxAudioSeconds }: Measuring,
  { logger }: Pick<Tools, 'logger'>,
): Promise<Pick<Arrival, 'size' | 'estimate' | 'reservation'>> {
  const units = [...new Set(Object.values(unitsOf(row)))];
  const secondsOf = async () => {
    try {
      return await durationOf(new BoundedTokenizer(range, bytes, Date.now() + MEASURE_MS));
    } catch (error) {
      logger.info('could not measure a recording', { job_id: row.id, reason: String(error) });
      return undefined;
    }
  };
  const seconds = needsDuration(units) ? await secondsOf() : undefined;
  const estimate = estimateOf(units, { bytes, seconds }, maxAudioSeconds);
  return { size: bytes, estimate, reservation: reservationOf(units, bytes, estimate, maxAudioSeconds) };
}

/** Reads of an object version, for a short time. */
export function objectRange(
  s3: S3Client,
  bucket: string,
  { key, version, etag }: InputVersion & { key: string },
): ReadRange {
  const object = { Bucket: bucket, Key: key, VersionId: version, IfMatch: etag };
  const abortSignal = AbortSignal.timeout(MEASURE_MS);
  return async (start, end) => {
    const command = new GetObjectCommand({ ...object, Range: `bytes=${start}-${end - 1}` });
    const { Body, ContentLength } = await s3.send(command, { abortSignal });
    // A whole object would fill the memory.
    if (Body === undefined || ContentLength !== end - start) throw new Error('S3 returned another range');
    return Body.transformToByteArray();
  };
}
