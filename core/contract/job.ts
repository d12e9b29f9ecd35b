import * as z from 'zod/mini';
import { JOB_ID_PATTERN } from './keys';
import { CAPACITIES, JOB_STATUSES, ORIGINS, PRIORITIES, STAGE_STATES, TASK_NAMES, UNITS } from './names';
import { JobOptions } from './work/options';
import { CustomTask, JobTasks } from './tasks';
import { Count, Degradation, Fraction, Instant, JobError, Measures, Seconds, StageName } from './values';

/**
 * Time and cost of a finished job. Times in seconds, money in US dollars. After a retry of missing tasks,
 * both times and the cost include the first run; machine and price are those of the retry.
 */
export const Receipt = z.object({
  /**
   * Work by unit. If several tasks have the same unit, the largest one. @default - only
   * `audio_seconds`: the job ended before this field existed
   */
  measures: z.optional(Measures),
  /** The audio seconds of `measures`, or 0. */
  audio_seconds: Seconds,
  /** From the input's arrival to the result, minus `processing_seconds`. */
  queue_seconds: z.number(),
  /** Time that machines spent on the job, including interrupted attempts. */
  processing_seconds: Seconds,
  /** Audio seconds over processing seconds: above 1 is faster than real time. 0 without audio. */
  real_time_factor: z.number(),
  machine_type: z.string(),
  capacity: z.enum(CAPACITIES),
  /** Null, like both costs, if no price is known for the machine. */
  price_per_hour: z.nullable(z.number()),
  /** Source of the price, as text. */
  price_source: z.string(),
  cost: z.nullable(z.number()),
  /** Also null if there is no audio. */
  cost_per_audio_minute: z.nullable(z.number()),
  /** Cost of one unit. @default - none, as `measures` */
  cost_per_unit: z.optional(z.partialRecord(z.enum(UNITS), z.number())),
});
export type Receipt = z.infer<typeof Receipt>;

/** Fields of both the job's row and its view in the API. */
const shared = {
  id: z.string(),
  status: z.enum(JOB_STATUSES),
  /** File name given by the client. Only displayed, never used in a key or a path. */
  name: z.string(),
  origin: z.enum(ORIGINS),
  /** The transcription and the analysis of `tasks` as one flat object. */
  options: JobOptions,
  created_at: Instant,
  queued_at: z.optional(Instant),
  started_at: z.optional(Instant),
  finished_at: z.optional(Instant),
  progress: Fraction,
  stages: z.partialRecord(StageName, z.enum(STAGE_STATES)),
  degraded: z.array(Degradation),
  error: z.optional(JobError),
  /** Kept while a job with results is open again for its missing tasks. */
  receipt: z.optional(Receipt),
};

/**
 * A job's row in the table. Instants are ISO 8601 in UTC, unless the name of the field says
 * otherwise.
 */
export const JobRow = z.object({
  ...shared,
  /** @default - derived from `options` and `stages`: the previous release created the job */
  tasks: z.optional(JobTasks),
  /** How the deployment described the task `custom`, if it is one of the tasks. */
  custom: z.optional(z.pick(CustomTask, { unit: true, result_type: true })),
  /** Media type of the input, if the client gave one. */
  media_type: z.optional(z.string()),
  /** @default 'normal' */
  priority: z.optional(z.enum(PRIORITIES)),
  tenant: z.string(),
  /**
   * Id of the key that submitted the job and whose quota it uses. @default - none: the job came
   * from the inbox
   */
  key_id: z.optional(z.string()),
  /**
   * What that key may use on a day, by unit, as of the submission. @default - no limits
   */
  units_per_day: z.optional(Measures),
  /**
   * Whether its input was already counted for a synchronous answer to the same request. @default
   * false
   */
  counted: z.optional(z.boolean()),
  /** Key of the input in the media bucket. */
  input_key: z.string(),
  /**
   * The object version that is this job's input. Other versions are other inputs. Set when the
   * input has arrived. @default - unknown: the bucket has no versioning, or the previous release
   * queued the job
   */
  input_version: z.optional(z.string()),
  /** ETag of that version, with its quotes. */
  input_etag: z.optional(z.string()),
  /**
   * Keys of recordings of the transcription's `known_speaker_names`, in the same order. @default -
   * none
   */
  speaker_recordings: z.optional(z.array(z.string())),
  /** Id of the S3 multipart upload, if there is one. Set once; all requests use the same upload. */
  upload_id: z.optional(z.string()),
  /** Expected size of a multipart upload in bytes. */
  upload_size: z.optional(Count),
  updated_at: Instant,
  /** Fencing token: the number of claims so far. A commit with an older number is refused. */
  attempt: Count,
  /** Epoch milliseconds at which the claim of the current attempt expires. */
  lease_until: z.optional(z.number()),
  /**
   * Id of the SQS message with which the current attempt claimed the job. All other messages of the
   * job are duplicates.
   */
  message_id: z.optional(z.string()),
  /**
   * Keys of the results by task. A result is named as soon as it can be read, even while the job
   * runs.
   */
  results: z.optional(z.partialRecord(z.enum(TASK_NAMES), z.string())),
  /** Key of the transcript, if a worker of the previous release wrote it. */
  transcript_key: z.optional(z.string()),
  /** Key of the analysis, likewise. */
  analysis_key: z.optional(z.string()),
  /** Size of the input in bytes. @default - not known, or not yet */
  input_bytes: z.optional(Count),
  /**
   * The work in the input as measured at its arrival, by unit. @default - not measured: `input_bytes`
   * tells
   */
  estimate: z.optional(Measures),
  /**
   * Quota of the key that is counted for this job until it ends, and the UTC day of the counter, such
   * as `2026-03-01`. @default - none
   */
  reserved: z.optional(z.object({ day: z.string(), measures: Measures })),
  /**
   * Epoch milliseconds from which the job waits for a worker: its arrival, or the end of a worker's
   * lease. Sort key of `INDEX.waiting`. @default - its input has not arrived, or it has ended
   */
  waits_from: z.optional(z.number()),
  /** Present until the job ends: the partition key of the sparse index `INDEX.open`. */
  open: z.optional(z.literal('open')),
  /** Epoch seconds after which the sweeper checks the job, if it has not changed. */
  sweep_at: z.optional(z.number()),
  /** Epoch seconds at which the row is deleted (the table's TTL). */
  expires_at: z.number(),
});
export type JobRow = z.infer<typeof JobRow>;

/** A job as the API shows it. */
export const JobView = z.object({
  ...shared,
  object: z.literal('job'),
  priority: z.enum(PRIORITIES),
  tasks: JobTasks,
  /** Paths of the results that can be read, by task: `/v1/jobs/{id}/transcript`. */
  results: z.partialRecord(z.enum(TASK_NAMES), z.string()),
  /** Why a queued job waits for a machine, as a sentence. @default - nothing is known to be wrong, or it is not queued */
  delay: z.optional(z.string()),
});
export type JobView = z.infer<typeof JobView>;

/**
 * Records which job a request created, in the jobs table. Its id is an `idempotencyId` for requests
 * with an `Idempotency-Key`, and a `recordingId` for recordings sent to OpenAI's routes without
 * one.
 */
export const IdempotencyRow = z.object({
  id: z.string(),
  job_id: z.string(),
  /** SHA-256 in hex of the request's body, or of the recording and its options. */
  body_sha256: z.string(),
  /** Epoch seconds at which the row is deleted (the table's TTL). */
  expires_at: z.number(),
});
export type IdempotencyRow = z.infer<typeof IdempotencyRow>;

/** Body of an SQS message. All other data is in the job's row. */
export const JobMessage = z.object({
  version: z.literal(1),
  /** It becomes part of keys and paths, so only the exact format is accepted. */
  job_id: z.string().check(z.regex(new RegExp(JOB_ID_PATTERN))),
  /**
   * Attempts that failed with earlier messages of the job. A worker that is interrupted replaces
   * its message, which resets the receive count of SQS; this field keeps the number. @default 0
   */
  failures: z.optional(Count),
  /**
   * Receives of earlier messages of the job of which no worker reported the end: the worker was
   * killed, or the message did not reach it. They do not count as failures, up to `MAX_RECEIVES`.
   * @default 0
   */
  losses: z.optional(Count),
  /**
   * Times that the job was released because its model service was not ready. They do not count as
   * failures, up to a limit that the worker sets. @default 0
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
