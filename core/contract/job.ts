import * as z from 'zod/mini';
import { JOB_ID_PATTERN } from './keys';
import { CAPACITIES, JOB_STATUSES, ORIGINS, STAGE_STATES } from './names';
import { JobOptions } from './options';
import { Count, Degradation, Fraction, Instant, JobError, Seconds, StageName } from './values';

/** What a finished job took and cost. Times in seconds, money in US dollars. */
export const Receipt = z.object({
  audio_seconds: Seconds,
  /** From the audio's arrival to the result, less `processing_seconds`. */
  queue_seconds: z.number(),
  /** Time that machines spent on the job, those that were interrupted included. */
  processing_seconds: Seconds,
  /** Audio seconds over processing seconds: above 1 is faster than real time. */
  real_time_factor: z.number(),
  machine_type: z.string(),
  capacity: z.enum(CAPACITIES),
  /** Null, as are both costs, where no price is known for the machine. */
  price_per_hour: z.nullable(z.number()),
  /** Where the price comes from, in words. */
  price_source: z.string(),
  cost: z.nullable(z.number()),
  /** Null also where there is no audio to divide by. */
  cost_per_audio_minute: z.nullable(z.number()),
});
export type Receipt = z.infer<typeof Receipt>;

/** What the job's row and the API's view of it share. */
const shared = {
  id: z.string(),
  status: z.enum(JOB_STATUSES),
  /** File name given by the client: shown, never used in a key or a path. */
  name: z.string(),
  origin: z.enum(ORIGINS),
  options: JobOptions,
  created_at: Instant,
  queued_at: z.optional(Instant),
  started_at: z.optional(Instant),
  finished_at: z.optional(Instant),
  progress: Fraction,
  stages: z.partialRecord(StageName, z.enum(STAGE_STATES)),
  degraded: z.array(Degradation),
  error: z.optional(JobError),
  receipt: z.optional(Receipt),
};

/** A job's row in the table. Instants are ISO 8601 in UTC, unless their name says otherwise. */
export const JobRow = z.object({
  ...shared,
  tenant: z.string(),
  /** Id of the key that submitted it, on whose quota its audio counts. @default - it came without one, through the inbox */
  key_id: z.optional(z.string()),
  /** Whether its audio counted already, when a machine answered the same request in place. @default false */
  counted: z.optional(z.boolean()),
  /** Key of the audio in the media bucket. */
  input_key: z.string(),
  /**
   * The version of that object which is this job's audio: other versions are other recordings. Set when the audio has
   * arrived. @default - not known: the bucket kept no versions, or the previous release queued the job
   */
  input_version: z.optional(z.string()),
  /** ETag of that version, in its quotes. */
  input_etag: z.optional(z.string()),
  /** Id in S3 of the upload in parts, if that is how the audio comes: set once, and the same for every request. */
  upload_id: z.optional(z.string()),
  /** Bytes that an upload in parts is to have. */
  upload_size: z.optional(Count),
  updated_at: Instant,
  /** Fencing token: the number of claims so far. A commit that carries an older one is refused. */
  attempt: Count,
  /** Epoch milliseconds until which the claim of the current attempt holds. */
  lease_until: z.optional(z.number()),
  /** Id in SQS of the message under which the current attempt claimed the job: every other message is a duplicate. */
  message_id: z.optional(z.string()),
  /** Key of the transcript, a `Transcript` as JSON; there as soon as that is ready, also while the job runs. */
  transcript_key: z.optional(z.string()),
  /** Key of the analysis, an `Analysis` as JSON. */
  analysis_key: z.optional(z.string()),
  /** Present until the job ends: the partition key of the sparse index `INDEX.open`. */
  open: z.optional(z.literal('open')),
  /** Epoch seconds at which the sweeper looks at the job if nothing has happened to it. */
  sweep_at: z.optional(z.number()),
  /** Epoch seconds at which the row is deleted (the table's TTL). */
  expires_at: z.number(),
});
export type JobRow = z.infer<typeof JobRow>;

/** A job as the API shows it. */
export const JobView = z.object({ ...shared, object: z.literal('job') });
export type JobView = z.infer<typeof JobView>;

/**
 * Remembers which job a request made, in the jobs table. Its id is an `idempotencyId` for requests with an
 * `Idempotency-Key`, and a `recordingId` for recordings sent to OpenAI's routes without one.
 */
export const IdempotencyRow = z.object({
  id: z.string(),
  job_id: z.string(),
  /** SHA-256 in hex of what was asked: the request's body, or the recording and its options. */
  body_sha256: z.string(),
  /** Epoch seconds at which the row is deleted (the table's TTL). */
  expires_at: z.number(),
});
export type IdempotencyRow = z.infer<typeof IdempotencyRow>;

/** Body of an SQS message: the row holds everything else. */
export const JobMessage = z.object({
  version: z.literal(1),
  /** It becomes part of keys and paths: nothing but its exact form passes. */
  job_id: z.string().check(z.regex(new RegExp(JOB_ID_PATTERN))),
  /**
   * Attempts that failed under earlier messages of the job. A worker that is interrupted replaces its message, which sets
   * the receive count of SQS back to zero; this number keeps the failures. @default 0
   */
  failures: z.optional(Count),
  /**
   * Times that the job was given back because its model service was not ready for it. They are no failures, up to a number
   * that the worker sets. @default 0
   */
  unready: z.optional(Count),
});
export type JobMessage = z.infer<typeof JobMessage>;

/** Detail of a completion event. */
export const JobEvent = z.object({
  job_id: z.string(),
  tenant: z.string(),
  path: z.string(),
  status: z.enum(JOB_STATUSES),
  name: z.string(),
  error: z.optional(JobError),
  receipt: z.optional(Receipt),
});
export type JobEvent = z.infer<typeof JobEvent>;
