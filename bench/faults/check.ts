import { GetObjectCommand } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import type { JobRow } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import { Transcript } from '../../core/contract/work/transcript';
import { resultKeys } from '../../core/jobs/job-tasks';
import type { ObjectVersion } from '../../core/jobs/object-versions';
import type { FaultAws } from './fault-aws';
import { hear, type Recording } from './recordings';

/** Jobs that are checked at the same time. */
const AT_ONCE = 8;

const DAY_MS = 86_400_000;

/** A job of the run, and its recording. */
export interface SubmittedJob {
  id: string;
  recording: Recording;
}

/** What was found at the end. Lists contain the ids of jobs. */
export interface Findings {
  /** Jobs that did not succeed. */
  lost: string[];
  /** Jobs with other results in the bucket than the one that the row names. */
  doubled: string[];
  /** Jobs that were failed because of their message in the dead-letter queue. */
  buried: string[];
  /** Jobs whose transcript is not that of their recording. */
  wrong: string[];
  /** Jobs of which objects remain besides the input and the results. */
  littered: string[];
  /** Attempts beyond the first of each job. */
  reruns: number;
  /** Most attempts of a job. */
  mostAttempts: number;
  /** Seconds of audio that the keys were charged, less those of the jobs that succeeded. */
  overcharged: number;
}

/**
 * Reads the row, the objects and the transcript of each job, and the usage of the keys.
 *
 * @param since when the first job was submitted. No key was used before
 */
export async function check(aws: FaultAws, jobs: readonly SubmittedJob[], since: Date): Promise<Findings> {
  const limit = pLimit(AT_ONCE);
  const found = await Promise.all(jobs.map((job) => limit(() => checkJob(aws, job))));
  const those = (is: (each: JobFinding) => boolean) => found.filter(is).map(({ id }) => id);
  return {
    lost: those(({ row }) => row?.status !== 'succeeded'),
    doubled: those(({ isOne }) => !isOne),
    buried: those(({ row }) => row?.error?.code === 'attempts_exhausted'),
    wrong: those(({ row, isRight }) => row?.status === 'succeeded' && !isRight),
    littered: those(({ others }) => others.length > 0),
    reruns: found.reduce((sum, { row }) => sum + Math.max(0, (row?.attempt ?? 0) - 1), 0),
    mostAttempts: Math.max(0, ...found.map(({ row }) => row?.attempt ?? 0)),
    overcharged:
      (await chargedSeconds(aws, found, since)) - found.reduce((sum, { row }) => sum + chargeOf(row), 0),
  };
}

/** Seconds of audio in the counters of the jobs' keys. */
async function chargedSeconds(aws: FaultAws, found: readonly JobFinding[], since: Date): Promise<number> {
  const keys = new Set(found.flatMap(({ row }) => row?.key_id ?? []));
  let seconds = 0;
  for (const key of keys)
    for (const day of daysSince(since)) seconds += (await aws.store.usage.used(key, day)).audio_second ?? 0;
  return seconds;
}

/** An instant of each UTC day from the first one to today. */
function daysSince(first: Date): Date[] {
  const days: Date[] = [];
  const today = Math.floor(Date.now() / DAY_MS);
  for (let day = Math.floor(first.getTime() / DAY_MS); day <= today; day++) days.push(new Date(day * DAY_MS));
  return days;
}

interface JobFinding {
  id: string;
  row: JobRow | undefined;
  /** Whether the results in the bucket are those that the row names. */
  isOne: boolean;
  /** The other objects of the job, without its input. */
  others: ObjectVersion[];
  isRight: boolean;
}

async function checkJob(aws: FaultAws, { id, recording }: SubmittedJob): Promise<JobFinding> {
  const [row, versions] = await Promise.all([aws.store.get(id), aws.versionsBelow(KEY.job(id))]);
  const named = row === undefined ? [] : Object.values(resultKeys(row));
  const objects = versions.filter(({ isMarker }) => !isMarker);
  const results = objects.filter(({ key }) => key.startsWith(`${KEY.job(id)}results/`));
  const others = objects.filter((each) => !results.includes(each) && each.key !== row?.input_key);
  const [transcript] = row === undefined ? [] : [resultKeys(row).transcription];
  const isRight = transcript !== undefined && (await isTranscript(aws, transcript, recording));
  return { id, row, isOne: isOne(results, named), others, isRight };
}

/**
 * Whether the results are those with these keys. A write whose answer was lost is repeated: its
 * versions have the same content.
 */
function isOne(results: readonly ObjectVersion[], named: readonly string[]): boolean {
  const contents = new Set(results.map(({ key, etag }) => `${key} ${etag}`));
  const keys = new Set(results.map(({ key }) => key));
  return contents.size === named.length && keys.size === named.length && named.every((key) => keys.has(key));
}

/** Whether an object is the transcript of a recording: every sentence once, in order. */
async function isTranscript(aws: FaultAws, Key: string, { bytes }: Recording): Promise<boolean> {
  const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: aws.bucket, Key }));
  const transcript = Transcript.parse(JSON.parse((await Body?.transformToString()) ?? ''));
  const { sentences } = hear(bytes);
  const spoken = transcript.segments.map(({ text }) => text);
  return (
    spoken.join('\n') === sentences.join('\n') &&
    transcript.text === sentences.join(' ') &&
    transcript.duration === sentences.length
  );
}

const chargeOf = (row: JobRow | undefined): number =>
  row?.status === 'succeeded' && row.key_id !== undefined ? (row.receipt?.audio_seconds ?? 0) : 0;
