import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Allowance } from './allowance';
import { type Asked, askMachine, type MachineAnswer } from './ask-machine';
import { type AudioForm, readForm } from './audio-form';
import type { JobRow } from './contract';
import { documentClient } from './document-client';
import { MAX_ANSWER_BYTES } from './fitted';
import { isStream, optionsOf, type Task, type Unsupported } from './form-options';
import { caller, httpHandler, json, refuseUsedUp, Refusal, type Request, type Response } from './http';
import { accepted, answerOfJob, jobOf } from './job-answer';
import { JobStore } from './job-store';
import { type Keeping, keepRecording } from './keep-recording';
import { MODEL_ALIASES } from './model-names';
import { type Preference, preferenceOf } from './preference';
import { env, envNumber, type Tools } from './runtime';
import { s3Client } from './s3-client';
import { idempotencyKey } from './submit-request';
import { secondsUntilDone, type Standing } from './when-done';

/** The API's gateway gives up after 30: what has to be kept is kept by then, or refused. */
const ANSWER_SECONDS = 28;

/** Clients ask for models at their start, and do not wait long. */
const MODELS_SECONDS = 3;

const PATH = { transcribe: '/v1/audio/transcriptions', translate: '/v1/audio/translations' } as const;

export interface Dependencies extends Keeping {
  /** Base URL of the load balancer in front of the machines. */
  machinesUrl: string;
  /** Longest time in seconds that an answer in place may take. */
  waitSeconds: number;
  maxUploadBytes: number;
}

/**
 * OpenAI's API, with two speeds: `POST /v1/audio/transcriptions` and `/v1/audio/translations` are answered by a machine
 * that is awake and has room, and become a job otherwise (202, with `Location` and `Retry-After`), which wakes one.
 *
 * - A form may have 4.5 MB: Lambda takes 6 MB of event, with the form in base64. What is larger is refused on its way here, in
 *   the gateway's words: it goes to `POST /v1/jobs`, whose uploads do not pass through Lambda.
 * - `Prefer: respond-async` wants a job at once, `Prefer: wait=<seconds>` an answer in place or none, both together a job
 *   after so many seconds.
 * - `job=<id>` instead of `file` is answered with the transcript of that job, in the format wanted.
 * - `Idempotency-Key` counts for the job: the same recording and options do not become a second one.
 * - What a job cannot honour is named in `unsupported` of the 202, and refused where a job was asked for.
 * - The events of `stream=true` come all together at the end, as the gateway passes on whole answers alone: clients
 *   read them as ever.
 */
export const handler = httpHandler(
  (): Dependencies => ({
    store: new JobStore(documentClient(), env('jobsTable')),
    s3: s3Client(),
    bucket: env('mediaBucket'),
    analysis: env('analysis') === 'true',
    uploadExpirySeconds: envNumber('uploadExpirySeconds'),
    retentionDays: envNumber('retentionDays'),
    machinesUrl: env('machinesUrl'),
    waitSeconds: envNumber('waitSeconds'),
    maxUploadBytes: envNumber('maxUploadBytes'),
  }),
  transcribeAudio,
);

export async function transcribeAudio(
  request: Request,
  dependencies: Dependencies,
  tools: Tools,
  allowance: Allowance,
): Promise<Response> {
  if (request.rawPath.endsWith('/models')) return models(dependencies);
  // By the gateway's clock, so that a cold start of ours counts too.
  const arrived = request.requestContext.timeEpoch;
  const task: Task = request.rawPath.endsWith('/translations') ? 'translate' : 'transcribe';
  const contentType = request.headers['content-type'] ?? '';
  const body = Buffer.from(request.body ?? '', request.isBase64Encoded ? 'base64' : 'utf8');
  const form = await readForm(body, contentType, dependencies.maxUploadBytes);
  const id = jobOf(form);
  if (id !== undefined) return answerOfJob(request, { id, fields: form.fields, task }, dependencies);
  const file = recordingOf(form);

  const preference = preferenceOf(request.headers.prefer, dependencies.waitSeconds);
  const idempotency = idempotencyKey(request.headers);
  const left = arrived + preference.waitSeconds * 1000 - Date.now();
  const isJobAtOnce = preference.waitSeconds === 0 && preference.job;
  if (!isJobAtOnce) refuseUsedUp(allowance);
  const asked = isJobAtOnce
    ? undefined
    : await askMachine(
        dependencies.machinesUrl,
        { path: PATH[task], contentType, body },
        { milliseconds: left, bytes: MAX_ANSWER_BYTES },
      );
  if (asked?.outcome === 'answered') {
    const { audioSeconds } = asked.answer;
    if (audioSeconds !== undefined)
      await allowance.count(audioSeconds, arrived + ANSWER_SECONDS * 1000, tools);
    return passedOn(asked.answer);
  }
  if (asked !== undefined && !preference.job) return notInPlace(asked, preference);

  const { options, unsupported } = optionsOf(form.fields, task);
  if (asked === undefined) refuseUnsupported(unsupported);
  const row = await keepRecording(
    { ...file, options },
    { caller: caller(request), allowance, idempotencyKey: idempotency },
    dependencies,
    arrived + ANSWER_SECONDS * 1000,
    tools,
  );
  tools.metrics.addMetric('RecordingsBecameJobs', MetricUnit.Count, 1);
  const seconds = secondsUntilDone(file.bytes.length, standing(asked), preference.waitSeconds);
  const answer = becameJob(row, seconds, unsupported, isStream(form.fields));
  if (preference.async) answer.headers = { ...answer.headers, 'preference-applied': 'respond-async' };
  return answer;
}

/** The models that machines know; without a machine, the names under which any of them is known. */
async function models({ machinesUrl }: Dependencies): Promise<Response> {
  const limits = { milliseconds: MODELS_SECONDS * 1000, bytes: MAX_ANSWER_BYTES };
  const asked = await askMachine(machinesUrl, { path: '/v1/models' }, limits);
  if (asked.outcome === 'answered') return passedOn(asked.answer);
  // When the model was loaded is not known before one is.
  const data = MODEL_ALIASES.map((id) => ({ id, object: 'model', created: 0, owned_by: 'spotscribe' }));
  return json(200, { object: 'list', data });
}

/** @throws Refusal (400, 422) for a form without a recording, or with an empty one */
function recordingOf({ file }: AudioForm): NonNullable<AudioForm['file']> {
  if (file === undefined) {
    const message =
      '"file" is missing: send the recording as a file of the form, or "job" with the id of a job';
    throw new Refusal(400, 'invalid_request', message, { param: 'file' });
  }
  if (file.bytes.length === 0) throw new Refusal(422, 'bad_audio', 'The file is empty', { param: 'file' });
  return file;
}

const passedOn = ({ status, headers, body }: MachineAnswer): Response => ({
  statusCode: status,
  headers,
  body,
});

/** Why there is no answer in place, for who wants nothing else. */
function notInPlace(asked: Exclude<Asked, { outcome: 'answered' }>, { waitSeconds }: Preference): Response {
  const instead =
    'Leave out "Prefer: wait", or send "Prefer: respond-async", and the recording becomes a job';
  switch (asked.outcome) {
    case 'busy':
      return passedOn(asked.answer);
    case 'asleep':
      return onlyOnce(
        new Refusal(
          503,
          'busy',
          `No machine is awake, and this request has woken none. ${instead}, which wakes one`,
          {
            retryAfterSeconds: secondsUntilDone(0, 'asleep'),
          },
        ),
      );
    case 'late':
      return onlyOnce(
        new Refusal(504, 'not_ready', `There was no transcript after ${waitSeconds} s. ${instead}`),
      );
    case 'large':
      return onlyOnce(
        new Refusal(400, 'invalid_request', `The answer has more than ${MAX_ANSWER_BYTES} bytes. ${instead}`),
      );
  }
}

/** What OpenAI's clients would repeat by themselves, though it ends as it did. */
function onlyOnce({ response }: Refusal): Response {
  return { ...response, headers: { ...response.headers, 'x-should-retry': 'false' } };
}

/** @throws Refusal (400) for the first of what a job cannot do, where nothing but a job is wanted */
function refuseUnsupported([first]: Unsupported[]): void {
  if (first === undefined) return;
  const message = `"${first.param}" cannot be had with "Prefer: respond-async": ${first.reason}. Leave out either`;
  throw new Refusal(400, 'invalid_request', message, { param: first.param });
}

function standing(asked: Asked | undefined): Standing {
  const outcome = asked?.outcome;
  return outcome === 'asleep' || outcome === 'busy' || outcome === 'late' ? outcome : 'not asked';
}

/**
 * The job that a recording became. A client that reads events would take another body for an empty transcript: it gets the
 * job as an error event, which it raises.
 */
function becameJob(row: JobRow, seconds: number, unsupported: Unsupported[], isStreamed: boolean): Response {
  const answer = accepted(row, seconds, unsupported.length === 0 ? {} : { unsupported });
  if (!isStreamed) return answer;
  const message = `The recording became job ${row.id}: ask for its transcript in ${seconds} s`;
  const error = { message, type: 'server_error', param: null, code: 'not_ready' };
  return {
    ...answer,
    headers: { ...answer.headers, 'content-type': 'text/event-stream; charset=utf-8' },
    body: `data: ${JSON.stringify({ error, job: JSON.parse(answer.body ?? '') as unknown })}\n\n`,
  };
}
