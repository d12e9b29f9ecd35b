import { JobStore } from '../../core/jobs/job-store';
import { sameKey, sameRecording } from '../api/create-job';
import { idempotencyKey } from '../api/submit-request';
import { type Allowance, refuseUsedUp } from '../frame/allowance';
import { caller, type Request } from '../frame/caller';
import { deployedTasks } from '../frame/deployed-tasks';
import { documentClient } from '../frame/document-client';
import { ANSWER_SECONDS, httpHandler } from '../frame/http';
import { type Begun, Refusal, type Response } from '../frame/refusal';
import { env, envNumber, optionalEnv, type Tools } from '../frame/runtime';
import { s3Client } from '../frame/s3-client';
import { answerOfJob, jobOf } from './answer-of-job';
import { answerInPlace, notInPlace } from './answered-in-place';
import { type AudioForm, readForm } from './audio-form';
import { attach, type RecordingRequest, becomeJob, lookUp, refuseAsJob } from './became-job';
import { parseForm, type Task } from './form-options';
import { digest, type RecordingStorage } from './keep-recording';
import { modelsAnswer } from './models-answer';
import { type Preference, preferenceOf } from './preference';

/** Time limits in seconds from a request's arrival. */
export interface Limits {
  /** When the recording must be stored. Otherwise the request is refused. */
  keepSeconds: number;
  /** How long a request waits for its job. */
  jobSeconds: number;
}

/** One second of the gateway's time is reserved for reading and rendering a transcript. */
const LIMITS: Limits = { keepSeconds: ANSWER_SECONDS, jobSeconds: ANSWER_SECONDS - 1 };

const PATH = { transcribe: '/v1/audio/transcriptions', translate: '/v1/audio/translations' } as const;

export interface Dependencies extends RecordingStorage {
  /** Base URL of the load balancer in front of the machines. */
  machinesUrl: string;
  /** Longest time of a synchronous answer, in seconds. */
  waitSeconds: number;
  maxUploadBytes: number;
  /** @default - derived from the gateway's timeout */
  limits?: Limits;
  /** Name of the deployed model. @default - unknown: only its aliases are accepted */
  model?: string;
}

/**
 * OpenAI's API: `POST /v1/audio/transcriptions` and `/v1/audio/translations`. A running machine
 * with free capacity answers synchronously. Otherwise the recording becomes a job, which starts a
 * machine, and the request waits for the job. A success is always a transcript, unless the caller
 * asked for a job.
 *
 * - When the time is up, the answer is 503 with the job's id and `Retry-After`. If the same
 *   recording is sent again, as OpenAI's clients do automatically, that request waits for the same
 *   job.
 * - A form may have 4.5 MB: Lambda accepts events of 6 MB, and the form is encoded in base64. The
 *   gateway refuses larger forms with its own message. Send larger recordings to `POST /v1/jobs`,
 *   whose uploads bypass Lambda.
 * - `Prefer: respond-async` or `?async=true` requests a job at once (202). `Prefer: wait=<seconds>`
 *   requests a transcript within that time and creates no job. Both together create a job after
 *   that time.
 * - `job=<id>` instead of `file` requests the transcript of that job, in the given format.
 * - `Idempotency-Key` identifies the job: the same key with another recording or other options is
 *   refused.
 * - If no machine can answer, fields that jobs do not support are refused.
 * - With `stream=true` all events arrive together at the end, because the gateway does not stream
 *   answers. Clients can read them as usual.
 */
export const handler = httpHandler(
  (): Dependencies => ({
    store: new JobStore(documentClient(), env('jobsTable')),
    s3: s3Client(),
    bucket: env('mediaBucket'),
    deployed: deployedTasks(),
    uploadExpirySeconds: envNumber('uploadExpirySeconds'),
    retentionDays: envNumber('retentionDays'),
    machinesUrl: env('machinesUrl'),
    waitSeconds: envNumber('waitSeconds'),
    maxUploadBytes: envNumber('maxUploadBytes'),
    model: optionalEnv('whisperModel'),
  }),
  transcribeAudio,
);

export async function transcribeAudio(
  request: Request,
  dependencies: Dependencies,
  tools: Tools,
  allowance: Allowance,
  begun: Begun,
): Promise<Response> {
  if (request.rawPath.endsWith('/models') || request.pathParameters?.id !== undefined)
    return modelsAnswer(request, dependencies);
  const { waitSeconds, maxUploadBytes, store } = dependencies;
  const { prefer } = request.headers;
  const preference = preferenceOf(prefer, waitSeconds, request.queryStringParameters?.async);
  const key = idempotencyKey(request.headers);
  const task: Task = request.rawPath.endsWith('/translations') ? 'translate' : 'transcribe';
  const contentType = request.headers['content-type'] ?? '';
  const body = Buffer.from(request.body ?? '', request.isBase64Encoded ? 'base64' : 'utf8');
  const form = readForm(body, contentType, maxUploadBytes);
  const id = jobOf(form);
  if (id === undefined) recordingOf(form);
  const wanted = parseForm(form.fields, task, dependencies.model);
  const times = timesOf(request, preference, dependencies);
  const waiting = { request, wanted, untilMs: times.waitUntilMs, async: preference.async };
  if (id !== undefined) return answerOfJob(id, waiting, dependencies, begun);

  const recording = { ...recordingOf(form), options: wanted.options };
  const who = caller(request);
  const sha256 = digest(recording);
  const same = key === undefined ? sameRecording(who, sha256) : sameKey(who, key, sha256);
  const { keepUntilMs } = times;
  const asking: RecordingRequest = {
    recording,
    caller: who,
    same,
    preference,
    waiting,
    keepUntilMs,
    allowance,
    begun,
  };
  if (preference.async) refuseAsJob(wanted);
  const recall = allowance.recall(sha256, tools);
  if (preference.async && preference.waitSeconds === 0) {
    await recall;
    return becomeJob(undefined, asking, dependencies, tools);
  }

  const [notJob] = wanted.unsupported;
  const earlier = notJob === undefined ? await lookUp(same, store, tools) : { isKnown: true };
  await recall;
  if (earlier.row !== undefined) return attach(earlier.row, asking, dependencies, tools);
  refuseUsedUp(allowance, ['audio_second']);
  const sent = { path: PATH[task], contentType, body, sha256, counts: earlier.isKnown };
  const answer = await answerInPlace(sent, dependencies.machinesUrl, times, allowance, tools);
  if ('response' in answer) return answer.response;
  if (notJob !== undefined || !preference.job) return notInPlace(answer.asked, preference, notJob);
  return becomeJob(answer.asked, asking, dependencies, tools);
}

/**
 * Deadlines of a request in epoch milliseconds, from its arrival at the gateway: a cold start of
 * the function counts, too.
 */
function timesOf(
  { requestContext }: Request,
  { waitSeconds, async, job }: Preference,
  { limits: { keepSeconds, jobSeconds } = LIMITS }: Dependencies,
) {
  const arrivedMs = requestContext.timeEpoch;
  const isLimited = async || !job;
  return {
    placeUntilMs: arrivedMs + waitSeconds * 1000,
    waitUntilMs: arrivedMs + (isLimited ? waitSeconds : jobSeconds) * 1000,
    keepUntilMs: arrivedMs + keepSeconds * 1000,
  };
}

/** @throws Refusal (400, 422) if the form has no recording, or an empty one */
function recordingOf({ file }: AudioForm): NonNullable<AudioForm['file']> {
  if (file === undefined) {
    const message = '"file" is missing: send the recording as the file "file", or the id of a job as "job"';
    throw new Refusal(400, 'invalid_request', message, { param: 'file' });
  }
  if (file.bytes.length === 0) throw new Refusal(422, 'bad_audio', 'The file is empty', { param: 'file' });
  return file;
}
