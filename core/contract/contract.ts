/**
 * The names and shapes that cross a border between the constructs (`lib`), the Lambda handlers (`lambda`),
 * the worker (`docker/worker`), the command line (`cli`) and the Python services (`docker/*`).
 *
 * This file imports nothing, so that every side can import it. `npm run contract` turns its types into
 * `contract.schema.json`, which the Python tests read together with the fixtures in `test/fixtures/contract`.
 */

/** Environment variables set by the constructs, read by handlers and containers. */
export const ENV = {
  /** Name of the DynamoDB table of jobs. */
  jobsTable: 'JOBS_TABLE',
  /** Name of the DynamoDB table of API keys. */
  keysTable: 'KEYS_TABLE',
  /** Name of the bucket with uploads and results. */
  mediaBucket: 'MEDIA_BUCKET',
  /** Name of the bucket with the model cache. */
  modelBucket: 'MODEL_BUCKET',
  queueUrl: 'QUEUE_URL',
  /** Name of the Auto Scaling group. */
  fleetName: 'FLEET_NAME',
  /** Name of the Lambda function that sizes the fleet. */
  sizeFleetFunction: 'SIZE_FLEET_FUNCTION',
  /** Largest number of machines, a whole number. */
  maxMachines: 'MAX_MACHINES',
  /** Jobs in the queue or in flight for which one machine is enough, a whole number. */
  jobsPerMachine: 'JOBS_PER_MACHINE',
  /** Requests answered in place at once, on average, for which one machine is enough. */
  requestsPerMachine: 'REQUESTS_PER_MACHINE',
  /** Name of the load balancer in CloudWatch, such as `app/name/0123456789abcdef`; not set where there is none. */
  loadBalancer: 'LOAD_BALANCER',
  /** The same of the public load balancer; not set where there is none. */
  publicLoadBalancer: 'PUBLIC_LOAD_BALANCER',
  /** Largest upload in bytes. */
  maxUploadBytes: 'MAX_UPLOAD_BYTES',
  /** Longest audio in seconds. */
  maxAudioSeconds: 'MAX_AUDIO_SECONDS',
  /** How long an upload may take to come, in seconds. */
  uploadExpirySeconds: 'UPLOAD_EXPIRY_SECONDS',
  /** How long a job's row, audio and results are kept, in days. */
  retentionDays: 'RETENTION_DAYS',
  /** Visibility timeout of the queue and length of a worker's lease, in seconds. */
  visibilitySeconds: 'VISIBILITY_SECONDS',
  /** Idle time after which a worker terminates its machine, in seconds. */
  idleSeconds: 'IDLE_SECONDS',
  /** Machines that run although nothing is queued, a whole number. */
  warmMachines: 'WARM_MACHINES',
  /** When they run, such as `MON-FRI 08:00-18:00`; not set if they always run. */
  warmHours: 'WARM_HOURS',
  /** IANA name of the time zone of these hours; set together with them. */
  warmTimeZone: 'WARM_TIME_ZONE',
  /** The deployment path's id, such as `DockerGpu`. */
  path: 'SPOTSCRIBE_PATH',
  /** Port that a container's server listens on. */
  port: 'PORT',
  /** Port of the worker's server that a public load balancer reaches; without one there is no such server. */
  streamingPort: 'STREAMING_PORT',
  /** Base URL of the whisper service, such as `http://whisper:8001`. */
  whisperUrl: 'WHISPER_URL',
  /** Base URL of the Voxtral service, such as `http://voxtral:8000`. */
  voxtralUrl: 'VOXTRAL_URL',
  /**
   * Silence after which the worker takes a model service for hung, in seconds: it says something every two while its model's
   * work gets on.
   */
  modelSilenceSeconds: 'MODEL_SILENCE_SECONDS',
  /** Base URL of the load balancer in front of the machines' whisper services, such as `http://internal-…:80`. */
  machinesUrl: 'MACHINES_URL',
  /** Longest time that an answer in place may take, in seconds: below what the API's gateway allows. */
  waitSeconds: 'WAIT_SECONDS',
  /** Directory on the machine's scratch disk shared by worker and model services. */
  sharedAudio: 'SHARED_AUDIO',
  /** Directory with the models on the machine's scratch disk. */
  modelDir: 'MODEL_DIR',
  /** Models to bring to the machine's disk: a list of `WantedModel` (`model-layout.ts`) as JSON. */
  models: 'MODELS',
  /** File written by the machine at boot: a {@link Machine} as JSON. */
  machineFile: 'MACHINE_FILE',
  /** Speech engine of the whisper service: `whisperx` or `pocketsphinx`. */
  whisperEngine: 'WHISPER_ENGINE',
  /** Name of the model's directory under {@link ENV.modelDir}. */
  whisperModel: 'WHISPER_MODEL',
  /** ctranslate2 compute type, such as `int8_float16`; `auto` chooses by device. */
  whisperComputeType: 'WHISPER_COMPUTE_TYPE',
  /** Engine of the Voxtral service: `voxtral`, or `extractive` (no GPU: for laptops and tests). */
  voxtralEngine: 'VOXTRAL_ENGINE',
  /** Name of Voxtral's directory under {@link ENV.modelDir}. */
  voxtralModel: 'VOXTRAL_MODEL',
  /** `none` (half precision), `nf4` (four bits), or `auto`, which chooses by the memory that is free. */
  voxtralQuantization: 'VOXTRAL_QUANTIZATION',
  /** Most memory of the GPU that a model service may take, in MiB. */
  gpuMemoryMib: 'GPU_MEMORY_MIB',
  /**
   * File on scratch space that model services on one GPU share: the whisper service locks it while it computes, and
   * the Voxtral service pauses meanwhile.
   */
  gpuPriorityFile: 'GPU_PRIORITY_FILE',
  /** `true` if the path's machines understand recordings (an analysis), for the handlers of the job API. */
  analysis: 'ANALYSIS',
  /** Routes of the API, separated by commas, for the handler of what is none of them. */
  routes: 'ROUTES',
  /** Minutes of audio per day for keys without a number of their own; not set where there is no such limit. */
  minutesPerDayPerKey: 'MINUTES_PER_DAY_PER_KEY',
} as const;

/** Metrics of the handlers that alarms watch. */
export const METRIC = {
  /** Invocations that failed, including requests that were answered with 500. */
  failures: 'Failures',
} as const;

/**
 * OpenAI's audio routes: method and path, in the words of an HTTP API. The machines' whisper services answer them, and whatever
 * stands before those. `{id+}` is the rest of the path: names of models have slashes.
 */
export const AUDIO_ROUTES = [
  ['POST', '/v1/audio/transcriptions'],
  ['POST', '/v1/audio/translations'],
  ['GET', '/v1/models'],
  ['GET', '/v1/models/{id+}'],
] as const;

/** For how long a key that was looked up is taken for what it was then: a revoked one is refused within this time. */
export const KEY_CACHE_SECONDS = 30;

/**
 * Longest silence of an answer that streams before the public load balancer gives it up. As long as OpenAI's clients wait:
 * one that wants no events hears nothing until all is done.
 */
export const STREAMING_IDLE_SECONDS = 600;

/** Stack outputs, by the name under which the command line finds them. */
export const OUTPUT = {
  apiUrl: 'ApiUrl',
  keysTable: 'KeysTableName',
  jobsTable: 'JobsTableName',
  mediaBucket: 'MediaBucketName',
  queueUrl: 'QueueUrl',
  deadLetterQueueUrl: 'DeadLetterQueueUrl',
  fleetName: 'FleetName',
  clusterName: 'ClusterName',
  modelBucket: 'ModelBucketName',
  /** Models that the deployment could not bring, parted by commas, or `none`. */
  modelsLeftOut: 'ModelsLeftOut',
  taskDefinition: 'TaskDefinitionArn',
  /** DNS name of the public load balancer, for the user's own name to point to; only where there is one. */
  streamingEndpoint: 'StreamingEndpoint',
} as const;

/** Keys in the media bucket. A job's keys are ours alone: the client's file name never enters one. */
export const KEY = {
  inboxPrefix: 'inbox/',
  jobsPrefix: 'jobs/',
  job: (id: string) => `jobs/${id}/`,
  input: (id: string) => `jobs/${id}/input`,
  /** Segments of the finished windows, written while a job runs. */
  checkpoint: (id: string) => `jobs/${id}/checkpoint.json`,
  /** One result per attempt; the row names the one that was committed. */
  transcript: (id: string, attempt: number) => `jobs/${id}/results/${attempt}/transcript.json`,
  /** As the transcript's; an {@link Analysis} as JSON. */
  analysis: (id: string, attempt: number) => `jobs/${id}/results/${attempt}/analysis.json`,
} as const;

/** Where the worker's copy of a job's audio lies below the shared directory. */
export const SHARED = {
  job: (id: string) => id,
  input: (id: string) => `${id}/input`,
} as const;

/** Indexes of the jobs table. */
export const INDEX = {
  /** Partition key `tenant`, sort key `created_at`: a tenant's jobs, newest first. */
  byTenant: 'by-tenant',
  /** Partition key `open` (present until a job ends), sort key `sweep_at`: what the sweeper looks at. */
  open: 'open',
} as const;

/** Tenant that owns files dropped under `inbox/`, and the default of `spotscribe keys create`. */
export const DEFAULT_TENANT = 'default';

/** EventBridge source and detail types of completion events; the detail is a {@link JobEvent}. */
export const EVENT = {
  source: 'spotscribe',
  detailType: {
    succeeded: 'Spotscribe Job Succeeded',
    failed: 'Spotscribe Job Failed',
    cancelled: 'Spotscribe Job Cancelled',
    expired: 'Spotscribe Job Expired',
  },
} as const;

/** Largest number of machines of a deployment, and the largest size in every group's template. */
export const MOST_MACHINES = 100;

/** Time after which a run of the function that sizes the fleet is stopped, in seconds. */
export const SIZING_SECONDS = 20;

/** Event of the function that sizes the fleet. A job that comes in sends none: it can only raise the fleet. */
export interface SizeFleetEvent {
  /** Also looks for machines that must end. The schedule sends it, once all workers write heartbeats. @default false */
  watch?: boolean;
}

/** Longest time between two heartbeats of a worker, in seconds. */
export const HEARTBEAT_SECONDS = 60;

/** How often a message is received before it goes to the dead-letter queue. */
export const MAX_RECEIVES = 5;

/** Seconds from SIGTERM to exit, below the 120 s that a spot notice leaves. */
export const STOP_SECONDS = 110;

export const JOB_STATUSES = [
  'awaiting_upload',
  'queued',
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** Statuses from which a job never moves again. */
export const FINAL_STATUSES = ['succeeded', 'failed', 'cancelled', 'expired'] as const satisfies JobStatus[];

export type Stage = 'transcript' | 'diarization' | 'analysis';
export type StageState = 'waiting' | 'running' | 'succeeded' | 'failed' | 'skipped';

/** Something that the result lacks, and why. */
export interface Degradation {
  stage: Stage | 'alignment';
  reason: string;
}

/** Stable codes of what can go wrong, shown by the API. */
export const ERROR_CODES = [
  'invalid_request',
  'unauthorized',
  'not_found',
  'not_ready',
  'idempotency_conflict',
  'unsupported_media_type',
  'bad_audio',
  'audio_too_long',
  'upload_too_large',
  'source_not_found',
  'source_forbidden',
  'upload_expired',
  'attempts_exhausted',
  'model_missing',
  'model_not_found',
  'busy',
  'quota_exceeded',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Codes that are the caller's fault: a job that meets one fails at once and is never retried. */
export const PERMANENT_CODES = [
  'invalid_request',
  'unsupported_media_type',
  'bad_audio',
  'audio_too_long',
  'upload_too_large',
  'source_not_found',
  'source_forbidden',
  'model_not_found',
] as const satisfies ErrorCode[];
export type PermanentCode = (typeof PERMANENT_CODES)[number];

export interface JobError {
  code: ErrorCode;
  message: string;
}

/** Body of every error answer of the HTTP APIs, in OpenAI's shape. */
export interface ErrorBody {
  error: {
    message: string;
    type: string;
    param: string | null;
    code: ErrorCode;
    /** Ours: the job that the request made, or may have made. @default - none */
    job_id?: string;
  };
}

/** Response header with the id of the job that an answer belongs to, or that a failed request may have made. */
export const JOB_HEADER = 'x-spotscribe-job';

/** What the caller may choose about a transcription. */
export interface TranscriptionOptions {
  /** ISO 639-1 code, such as `en`. @default - detected from the audio */
  language?: string;
  /** ISO 639-1 codes among which the language is detected; excludes `language`. @default - every language of the model */
  languages?: string[];
  /** `translate` gives English text, whatever was spoken. @default 'transcribe' */
  task?: 'transcribe' | 'translate';
  /** Names and rare words to listen for. @default - none */
  hotwords?: string;
  /** Text in the style that is wanted, as if it had been said before. @default - none */
  prompt?: string;
  /** Says who spoke. @default false */
  diarize?: boolean;
  /** Exact number of speakers, with `diarize`; excludes the other two. @default - found out */
  num_speakers?: number;
  /** Least number of speakers, with `diarize`. @default - found out */
  min_speakers?: number;
  /** Greatest number of speakers, with `diarize`. @default - found out */
  max_speakers?: number;
  /** Rules by which speakers are cleaned up, with `diarize`; an empty list keeps all of them. @default - every rule */
  speaker_cleanup?: SpeakerRule[];
}

/** What the caller may choose about an analysis. */
export interface AnalysisOptions {
  /** @default - all, or none if there are questions */
  tasks?: AnalysisTask[];
  /** The caller's own questions about the recording. @default - none */
  questions?: string[];
}

/** What the caller may choose about a job. */
export interface JobOptions extends TranscriptionOptions {
  /** What is to be understood, on paths that understand recordings; `false` leaves it out. @default - every task */
  analysis?: AnalysisOptions | false;
}

/** Bounds of {@link TranscriptionOptions}; lengths in characters. Whisper's decoder takes 224 tokens of context. */
export const OPTION_LIMITS = { hotwords: 1000, prompt: 2000, speakers: 20, languages: 20 } as const;

/** The rules of the speaker cleanup, in the order in which they are applied. */
export const SPEAKER_RULES = ['short_turns', 'interjections', 'minor_speakers'] as const;
export type SpeakerRule = (typeof SPEAKER_RULES)[number];

/** What a finished job took and cost. Times in seconds, money in US dollars. */
export interface Receipt {
  audio_seconds: number;
  /** From the audio's arrival to the result, less `processing_seconds`. */
  queue_seconds: number;
  /** Time that machines spent on the job, those that were interrupted included. */
  processing_seconds: number;
  /** Audio seconds over processing seconds: above 1 is faster than real time. */
  real_time_factor: number;
  machine_type: string;
  capacity: 'spot' | 'on-demand' | 'local';
  /** Null, as are both costs, where no price is known for the machine. */
  price_per_hour: number | null;
  /** Where the price comes from, in words. */
  price_source: string;
  cost: number | null;
  /** Null also where there is no audio to divide by. */
  cost_per_audio_minute: number | null;
}

/** A job's row in the table. Instants are ISO 8601 in UTC, unless their name says otherwise. */
export interface JobRow {
  id: string;
  tenant: string;
  /** Id of the key that submitted it, on whose quota its audio counts. @default - it came without one, through the inbox */
  key_id?: string;
  /** Whether its audio counted already, when a machine answered the same request in place. @default false */
  counted?: boolean;
  status: JobStatus;
  /** File name given by the client: shown, never used in a key or a path. */
  name: string;
  origin: 'api' | 'inbox';
  /** Key of the audio in the media bucket. */
  input_key: string;
  /**
   * The version of that object which is this job's audio: other versions are other recordings. Set when the audio has
   * arrived. @default - not known: the bucket kept no versions, or the previous release queued the job
   */
  input_version?: string;
  /** ETag of that version, in its quotes. */
  input_etag?: string;
  /** Id in S3 of the upload in parts, if that is how the audio comes: set once, and the same for every request. */
  upload_id?: string;
  /** Bytes that an upload in parts is to have. */
  upload_size?: number;
  options: JobOptions;
  created_at: string;
  updated_at: string;
  queued_at?: string;
  started_at?: string;
  finished_at?: string;
  /** 0 to 1. */
  progress: number;
  stages: Partial<Record<Stage, StageState>>;
  degraded: Degradation[];
  error?: JobError;
  receipt?: Receipt;
  /** Fencing token: the number of claims so far. A commit that carries an older one is refused. */
  attempt: number;
  /** Epoch milliseconds until which the claim of the current attempt holds. */
  lease_until?: number;
  /** Id in SQS of the message under which the current attempt claimed the job: every other message is a duplicate. */
  message_id?: string;
  /** Key of the transcript, a {@link Transcript} as JSON; there as soon as that is ready, also while the job runs. */
  transcript_key?: string;
  /** Key of the analysis, an {@link Analysis} as JSON. */
  analysis_key?: string;
  /** Present until the job ends: the partition key of the sparse index {@link INDEX.open}. */
  open?: 'open';
  /** Epoch seconds at which the sweeper looks at the job if nothing has happened to it. */
  sweep_at?: number;
  /** Epoch seconds at which the row is deleted (the table's TTL). */
  expires_at: number;
}

/**
 * Remembers which job a request made, in the jobs table. Its id is an {@link idempotencyId} for requests with an
 * `Idempotency-Key`, and a {@link recordingId} for recordings sent to OpenAI's routes without one.
 */
export interface IdempotencyRow {
  id: string;
  job_id: string;
  /** SHA-256 in hex of what was asked: the request's body, or the recording and its options. */
  body_sha256: string;
  expires_at: number;
}

export const idempotencyId = (tenant: string, key: string) => `idempotency#${tenant}#${key}`;

/** @param sha256 of the recording and the options of its job */
export const recordingId = (tenant: string, keyId: string, sha256: string) =>
  `recording#${tenant}#${keyId}#${sha256}`;

/** An API key's row. The key itself is shown once and never stored. */
export interface KeyRow {
  /** SHA-256 of the key, in hex: the partition key. */
  key_sha256: string;
  /** Short public id, for listing and revoking. */
  id: string;
  tenant: string;
  name: string;
  created_at: string;
  revoked_at?: string;
  /** Minutes of audio that it may use each UTC day; null for no limit. @default - what the deployment allows */
  minutes_per_day?: number | null;
}

/** How much audio a key has used on a UTC day, in the jobs table, with {@link usageId} as its id. */
export interface UsageRow {
  id: string;
  /** Seconds of audio: a counter that is only ever added to. */
  seconds: number;
  expires_at: number;
}

/** @param day such as `2026-03-01` */
export const usageId = (keyId: string, day: string) => `usage#${keyId}#${day}`;

/**
 * Id of the row of the jobs table that remembers that an answer in place was counted.
 *
 * @param sha256 as in {@link recordingId}
 */
export const chargedId = (keyId: string, sha256: string) => `charged#${keyId}#${sha256}`;

/**
 * What is known about a machine of the fleet, in the jobs table, with {@link machineRowId} as its id. The worker writes its
 * heartbeat; the sizer writes the rest. Instants are epoch milliseconds.
 */
export interface MachineRow {
  id: string;
  /** Last heartbeat. @default - the worker has written none */
  heartbeat_at?: number;
  /** For how long the worker had had no work at that heartbeat, in seconds; 0 also before its models are ready. */
  idle_seconds?: number;
  /** Since when every look of the sizer has found no recent heartbeat; a heartbeat removes it. */
  silent_since?: number;
  /** Last look of the sizer that found no recent heartbeat. */
  looked_at?: number;
  /** When the sizer last tried to end the machine. */
  ending_at?: number;
  /** Epoch seconds at which the row is deleted (the table's TTL). */
  expires_at: number;
}

export const MACHINE_ROW_PREFIX = 'machine#';
export const machineRowId = (instanceId: string) => `${MACHINE_ROW_PREFIX}${instanceId}`;

/** Makes sizings of a fleet run one at a time: a row of the jobs table with {@link SIZING_ROW_ID} as its id. */
export interface SizingRow {
  id: string;
  /** Random id of the run that sizes the fleet. @default - none does */
  holder?: string;
  /** Epoch milliseconds after which the holder no longer runs. */
  held_until?: number;
  /** Another run has asked meanwhile: the holder sizes once more. */
  again?: boolean;
}

export const SIZING_ROW_ID = 'sizing';

/** Answer to `GET /v1/usage`: of the caller's own key. Seconds of audio; the two that are null have no limit. */
export interface UsageResponse {
  object: 'usage';
  /** UTC, such as `2026-03-01`. */
  day: string;
  limit_seconds: number | null;
  used_seconds: number;
  remaining_seconds: number | null;
  /** When the next day begins. */
  resets_at: string;
}

/** API keys look like `sk-spotscribe-` followed by 43 characters of base64url (256 random bits). */
export const API_KEY_PREFIX = 'sk-spotscribe-';

/** Job ids look like `job_` followed by 32 hexadecimal digits. */
export const JOB_ID_PATTERN = '^job_[0-9a-f]{32}$';

/** Body of an SQS message: the row holds everything else. */
export interface JobMessage {
  version: 1;
  job_id: string;
  /**
   * Attempts that failed under earlier messages of the job. A worker that is interrupted replaces its message, which sets
   * the receive count of SQS back to zero; this number keeps the failures. @default 0
   */
  failures?: number;
  /**
   * Times that the job was given back because its model service was not ready for it. They are no failures, up to a number
   * that the worker sets. @default 0
   */
  unready?: number;
}

/** Body of `POST /v1/jobs`. */
export interface SubmitJobRequest {
  /** File name, shown in listings. @default 'audio' */
  name?: string;
  /** Size of the upload in bytes: refused at once if too large, and the upload must then have this size. */
  size?: number;
  /** The audio comes in parts, for which `size` has to be known. @default false */
  multipart?: boolean;
  options?: JobOptions;
}

/** A job as the API shows it. */
export interface JobView {
  id: string;
  object: 'job';
  status: JobStatus;
  name: string;
  origin: 'api' | 'inbox';
  options: JobOptions;
  created_at: string;
  queued_at?: string;
  started_at?: string;
  finished_at?: string;
  progress: number;
  stages: Partial<Record<Stage, StageState>>;
  degraded: Degradation[];
  error?: JobError;
  receipt?: Receipt;
}

/** Answer to `POST /v1/jobs`: while the job awaits its audio, one of the two says where that goes. */
export interface SubmitJobResponse extends JobView {
  upload?: { method: 'PUT'; url: string; headers: Record<string, string>; expires_at: string };
  multipart_upload?: MultipartUpload;
}

/** Where the parts of an upload go, each by a PUT, in any order and at the same time. */
export interface MultipartUpload {
  /** Bytes of every part but the last, which has the rest. */
  part_size: number;
  parts: UploadPart[];
  /** Path of the request that makes them one: a POST with a {@link CompleteUploadRequest}. */
  complete: string;
  expires_at: string;
}

export interface UploadPart {
  /** From 1. */
  number: number;
  url: string;
  /** Of the part's content, if the store has it already: it need not be sent again. */
  etag?: string;
}

/** Body of `POST /v1/jobs/{id}/upload`: every part, with the `ETag` that the store answered to its PUT. */
export interface CompleteUploadRequest {
  parts: Required<Pick<UploadPart, 'number' | 'etag'>>[];
}

/** Answer to `GET /v1/jobs`. `next` goes into the query parameter `cursor` for the following page. */
export interface ListJobsResponse {
  object: 'list';
  data: JobView[];
  next?: string;
}

/** Formats of `GET /v1/jobs/{id}/transcript?format=…`. The last two are shapes of OpenAI's API. */
export const TRANSCRIPT_FORMATS = ['json', 'txt', 'srt', 'vtt', 'verbose_json', 'diarized_json'] as const;
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number];

/** What names of files with a format end in. */
export const FORMAT_ENDING: Record<TranscriptFormat, string> = {
  json: 'json',
  txt: 'txt',
  srt: 'srt',
  vtt: 'vtt',
  verbose_json: 'verbose.json',
  diarized_json: 'diarized.json',
};

/** The format of a name, if there is one: `txt` is `text` in OpenAI's API. */
export const formatNamed = (name: string): TranscriptFormat | undefined =>
  TRANSCRIPT_FORMATS.find((format) => format === (name === 'text' ? 'txt' : name));

/** Detail of a completion event. */
export interface JobEvent {
  job_id: string;
  tenant: string;
  path: string;
  status: JobStatus;
  name: string;
  error?: JobError;
  receipt?: Receipt;
}

/** What a machine knows of itself, written at boot for the containers (which cannot reach its metadata). */
export interface Machine {
  instance_id: string;
  instance_type: string;
  capacity: 'spot' | 'on-demand' | 'local';
  availability_zone: string;
}

/** A word with its times in seconds from the start of the audio. */
export interface Word {
  word: string;
  start: number;
  end: number;
  /** Confidence 0–1, where the engine gives one. */
  score?: number;
  /** The aligner gave no times for this word: they were interpolated from its neighbours. */
  interpolated?: boolean;
}

/** A piece of speech with its times in seconds from the start of the audio. */
export interface Segment {
  id: number;
  start: number;
  end: number;
  text: string;
  words: Word[];
  /** Who spoke, with diarization; a segment never holds two speakers' words. */
  speaker?: string;
  /** Mean of the logarithms of its tokens' probabilities, where the engine gives one. */
  avg_logprob?: number;
  /** Probability that there is no speech in it, 0–1, where the engine gives one. */
  no_speech_prob?: number;
}

/** A stretch of audio in which one speaker holds the floor, in seconds from its start. */
export interface SpeakerTurn {
  start: number;
  end: number;
  speaker: string;
}

/** What the cleanup gave to another speaker, and by which rule. */
export interface SpeakerMerge {
  rule: SpeakerRule;
  start: number;
  end: number;
  from: string;
  to: string;
  /** What was said in it, where the rule went by the words. */
  text?: string;
}

/** Who spoke when. */
export interface Diarization {
  /** Name of the diarization model. */
  model: string;
  /** In the order of their first words. */
  speakers: string[];
  /** After the cleanup: ascending, not overlapping. */
  turns: SpeakerTurn[];
  /** As the model said, with the same names. */
  raw_turns: SpeakerTurn[];
  merges: SpeakerMerge[];
}

/** The result of a transcription. */
export interface Transcript {
  version: 1;
  engine: { name: 'whisperx' | 'pocketsphinx' | 'voxtral' | 'extractive'; model: string };
  /** Of the text: `en` for a translation, which is into English. */
  language: string;
  /** @default 'transcribe' */
  task?: 'transcribe' | 'translate';
  /** Length of the audio in seconds. */
  duration: number;
  text: string;
  segments: Segment[];
  /** Present if diarization was asked for and succeeded. */
  diarization?: Diarization;
  degraded: Degradation[];
}

/** JSON body of `POST /transcribe` when the audio lies on the shared volume. */
export interface TranscribeRequest extends TranscriptionOptions {
  /** Path below the shared directory. */
  path: string;
  /** Seconds at which to begin: what comes before was transcribed by an earlier attempt. @default 0 */
  start_at?: number;
  /** What that attempt heard before `start_at`: it becomes part of the result. @default - nothing */
  earlier?: Segment[];
  /** What that attempt's part lacks. @default - nothing */
  earlier_degraded?: Degradation[];
  /** Longest audio in seconds. @default - the service's own cap */
  max_seconds?: number;
}

/** A line of the NDJSON answer (`Accept: application/x-ndjson`) of `POST /transcribe`. */
export type TranscribeEvent =
  /** The audio is decoded; `language` is that of the text to come. */
  | { type: 'started'; duration: number; engine: string; model: string; language?: string }
  | { type: 'segment'; segment: Segment }
  /** All speech before `end` (seconds) has been sent: an interrupted job can go on from there. `degraded`: so far. */
  | { type: 'window'; end: number; progress: number; degraded?: Degradation[] }
  /** How a stage beside the words gets on; `progress` is that of the whole work, 0 to 1. */
  | { type: 'stage'; stage: Stage; state: StageState; progress: number }
  /** The last line of a success: `earlier` and everything from `start_at` on, with speakers where they were asked for. */
  | { type: 'result'; transcript: Transcript }
  /** The last line of a failure after streaming began. */
  | { type: 'error'; error: JobError };

/** Body of {@link KEY.checkpoint}. */
export interface Checkpoint {
  /** Seconds up to which `segments` is complete. */
  end: number;
  segments: Segment[];
  /** What they lack. @default - nothing */
  degraded?: Degradation[];
  /** Seconds that machines have spent on the job so far. */
  processing_seconds: number;
}

/** What may be asked of an analysis, besides the caller's own questions. */
export const ANALYSIS_TASKS = [
  'summary',
  'topics',
  'action_items',
  'questions',
  'sentiment',
  'entities',
] as const;
export type AnalysisTask = (typeof ANALYSIS_TASKS)[number];

export const SENTIMENTS = ['positive', 'neutral', 'negative', 'mixed'] as const;
export const ENTITY_TYPES = [
  'person',
  'organization',
  'place',
  'product',
  'date',
  'amount',
  'other',
] as const;

/** Bounds of an analysis' own questions; lengths in characters. */
export const QUESTION_LIMITS = { count: 10, length: 500 } as const;

/** Words of the recording that a claim rests on. Times in seconds from the start of the audio. */
export interface Evidence {
  /** As the model heard them. */
  quote: string;
  /** The stretch that the model listened to when it made the claim. */
  heard_from: number;
  heard_to: number;
  /** Where the transcript has these words; absent, as are the next two, where it has not. */
  start?: number;
  end?: number;
  /** Ids of the transcript's segments that hold them. */
  segments?: number[];
}

/** Something that is said to be in the recording, so that it can be checked. */
export interface Claim {
  evidence: Evidence[];
  /** Whether the transcript has the words of any evidence; absent where there was no transcript to look in. */
  located?: boolean;
}

export interface Topic extends Claim {
  title: string;
}

export interface ActionItem extends Claim {
  task: string;
  /** Who is to do it, if that was said. */
  owner?: string;
  /** When it is due, in the words that were said. */
  due?: string;
}

/** A question that was asked in the recording, with its answer if one was given. */
export interface AskedQuestion extends Claim {
  question: string;
  answer?: string;
}

export interface Sentiment extends Claim {
  overall: (typeof SENTIMENTS)[number];
  reason: string;
}

export interface Entity extends Claim {
  name: string;
  type: (typeof ENTITY_TYPES)[number];
}

/** The answer to a question of the caller's; without one if the recording has none. */
export interface Answer extends Claim {
  question: string;
  answer?: string;
}

/** What was understood of a recording: of each task that was asked for, its field. */
export interface Analysis {
  version: 1;
  engine: { name: 'voxtral' | 'extractive'; model: string };
  /** Length of the audio in seconds. */
  duration: number;
  summary?: string;
  topics?: Topic[];
  action_items?: ActionItem[];
  questions?: AskedQuestion[];
  sentiment?: Sentiment;
  entities?: Entity[];
  answers?: Answer[];
  degraded: Degradation[];
}

/** JSON body of `POST /analyze` when the audio lies on the shared volume. */
export interface AnalyzeRequest extends AnalysisOptions {
  /** Path below the shared directory. */
  path: string;
  /** Longest audio in seconds. @default - the service's own cap */
  max_seconds?: number;
}

/** A line of the NDJSON answer of `POST /analyze`. */
export type AnalyzeEvent =
  | { type: 'started'; duration: number; engine: string; model: string }
  /** Everything before `end` (seconds) has been listened to; `progress` is that of the whole work, 0 to 1. */
  | { type: 'window'; end: number; progress: number }
  /** The last line of a success. */
  | { type: 'result'; analysis: Analysis }
  /** The last line of a failure after streaming began. */
  | { type: 'error'; error: JobError };

/** A line of the NDJSON answer of the worker's `POST /hybrid`. */
export type HybridEvent =
  /** What the transcribing service tells: its last event is the transcript, readable while the analysis still runs. */
  | { type: 'transcript'; event: TranscribeEvent }
  | { type: 'analysis'; event: AnalyzeEvent }
  /** The last line of a success: both, the claims joined to the transcript's words; or one, and why the other is missing. */
  | ({ type: 'result' } & HybridResult)
  /** The last line of a failure. */
  | { type: 'error'; error: JobError };

/** JSON answer of the worker's `POST /hybrid`. */
export interface HybridResult {
  transcript?: Transcript;
  analysis?: Analysis;
  degraded: Degradation[];
}
