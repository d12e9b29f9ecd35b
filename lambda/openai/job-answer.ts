import { isDeepStrictEqual } from 'node:util';
import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import type { AudioForm } from './audio-form';
import { awaitJob, isPending } from './await-job';
import { DEGRADED_HEADER, JOB_HEADER } from '../../core/contract/headers';
import type { JobOptions, JobRow } from '../../core/contract/job';
import type { Transcript } from '../../core/contract/transcript';
import { fitted } from '../frame/fitted';
import { type AnswerShape, type AskedForm, one, type ResponseFormat } from './form-options';
import { FORMAT, srt, vtt } from '../../core/formats/formats';
import { json, Refusal, type Response } from '../frame/refusal';
import type { Request } from '../frame/caller';
import { jobFailure } from './job-failure';
import type { JobStore } from '../../core/jobs/job-store';
import { events, plainJson, plainText, verboseJson } from '../../core/formats/openai-formats';
import { shown, shownValue } from '../../core/contract/text';
import { view } from '../../core/jobs/views';
import { secondsLeft, secondsUntilRetry, type Standing } from './when-done';

/** Where jobs and their transcripts are. */
export interface Results {
  store: JobStore;
  s3: S3Client;
  bucket: string;
}

/** How an answer that waits for a job is to be given. */
export interface Waiting {
  request: Request;
  wanted: AskedForm;
  /** Epoch milliseconds until which to wait. */
  untilMs: number;
  /** Whether the job itself, with 202, is an answer when the time is up. */
  async: boolean;
  /** Name of the parameter that asked for the job. @default - none: it was a recording */
  param?: string;
  /** What was found out about the machines. @default 'not asked' */
  standing?: Standing;
}

/**
 * The transcript of a job, as an answer in place would have been, as soon as it is there.
 *
 * @throws Refusal with the job's error, if it has no transcript and never will; (503) if the time is up, which names the job
 *   and has OpenAI's clients ask again
 */
export async function answerWhenDone(row: JobRow, waiting: Waiting, results: Results): Promise<Response> {
  const current = await awaitJob(row, results.store, waiting.untilMs);
  if (!isPending(current)) return answerOf(current, waiting, results);
  const now = new Date();
  if (waiting.async) return accepted(current, secondsLeft(current, now));
  throw notReady(current, secondsUntilRetry(current, waiting.standing ?? 'not asked', now));
}

/** A job as an answer to a caller who asked for one. */
export const accepted = (row: JobRow, seconds: number): Response =>
  json(202, view(row), {
    location: `/v1/jobs/${row.id}`,
    [JOB_HEADER]: row.id,
    'retry-after': String(seconds),
    'preference-applied': 'respond-async',
  });

function notReady({ id, status }: JobRow, seconds: number): Refusal {
  const message =
    `There is no transcript yet: the recording is job ${id}, which is ${status}. Send the same request again in ${seconds} s, ` +
    `and it waits for that job; or send job=${id} in place of the file; or GET /v1/jobs/${id}`;
  return new Refusal(503, 'not_ready', message, {
    retryAfterSeconds: seconds,
    shouldRetry: true,
    jobId: id,
  });
}

async function answerOf(row: JobRow, { request, wanted, param }: Waiting, results: Results) {
  if (row.transcript_key === undefined) throw jobFailure(row, param);
  const transcript = await stored(results, row.transcript_key, row);
  refuseOtherLanguage(row, wanted, transcript);
  const missing = [...new Set(transcript.degraded.map(({ stage }) => stage))].join(', ');
  const { type, body } = rendered(transcript, wanted.answer);
  const headers = {
    'content-type': type,
    'cache-control': 'private, no-store',
    [JOB_HEADER]: row.id,
    ...(missing !== '' && { [DEGRADED_HEADER]: missing }),
  };
  return fitted(request, { param: 'response_format', name: wanted.answer.format }, headers, body);
}

/** A transcript in each of OpenAI's formats, as the whisper service answers it. */
function rendered(transcript: Transcript, shape: AnswerShape): { type: string; body: string } {
  const { format, layout, granularities, languages, stream } = shape;
  if (stream)
    return { type: 'text/event-stream; charset=utf-8', body: events(transcript, format, languages) };
  const render: Record<ResponseFormat, () => string> = {
    json: () => plainJson(transcript, languages),
    text: () => plainText(transcript),
    srt: () => srt(transcript, layout),
    vtt: () => vtt(transcript, layout),
    verbose_json: () => verboseJson(transcript, granularities),
    diarized_json: () => FORMAT.diarized_json.render(transcript),
  };
  return { type: FORMAT[format === 'text' ? 'txt' : format].type, body: render[format]() };
}

async function stored({ s3, bucket }: Results, key: string, row: JobRow): Promise<Transcript> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return JSON.parse((await Body?.transformToString()) ?? '') as Transcript;
  } catch (error) {
    // At the end of retention, and while a job is erased, its row may outlive its objects.
    if (error instanceof NoSuchKey)
      throw new Refusal(404, 'not_found', `The transcript of job ${row.id} has been erased`);
    throw error;
  }
}

/**
 * The id of the job that is asked for, if one is.
 *
 * @throws Refusal (400) if a recording is sent too; an empty one is not, for clients that must send a file
 */
export function jobOf({ fields, file }: AudioForm): string | undefined {
  const id = one(fields, 'job');
  if (id !== undefined && file !== undefined && file.bytes.length > 0)
    throw invalid(
      'job',
      '"job" is for the transcript of a job that exists: send it without a "file", or with an empty one',
    );
  return id;
}

/**
 * The fields of the first request may be repeated. Others would change what was heard, which is over.
 *
 * @throws Refusal (400) naming the first field that would need another transcription than the job's
 */
export function refuseOtherWork(row: JobRow, { task, options, unsupported }: AskedForm): void {
  const [first] = unsupported;
  if (first !== undefined)
    throw invalid(first.param, `"${first.param}" is not possible with "job": ${first.reason}. Leave it out`);
  if ((row.options.task ?? 'transcribe') !== task) {
    const [is, route] =
      task === 'translate' ? ['no translation', 'transcriptions'] : ['a translation', 'translations'];
    throw invalid('job', `Job ${row.id} is ${is}: ask /v1/audio/${route} for it`);
  }
  // A language that the job was left to detect is compared with the one that it heard.
  const own: JobOptions = { ...row.options, language: row.options.language ?? options.language };
  const other = (Object.keys(options) as (keyof JobOptions)[]).find(
    (name) => !isDeepStrictEqual(options[name], own[name]),
  );
  if (other === undefined) return;
  const made = own[other];
  const was = made === undefined ? `without "${other}"` : `with "${other}" ${shownValue(made)}`;
  const message = `The transcript of job ${row.id} was made ${was}. Leave it out, or send the recording again with it`;
  throw invalid(
    other,
    other === 'diarize' ? `${message}: "diarize", its model and diarized_json need speakers` : message,
  );
}

/** @throws Refusal (400) if the caller names a language, and the job, which was left to detect it, heard another one */
function refuseOtherLanguage(row: JobRow, { task, options }: AskedForm, { language }: Transcript): void {
  const isCompared = task !== 'translate' && row.options.language === undefined;
  if (!isCompared || options.language === undefined) return;
  if ([options.language, 'und'].includes(language)) return;
  const message = `Job ${row.id} heard ${shown(language)}; got ${shown(options.language)}`;
  throw invalid('language', message);
}

const invalid = (param: string, message: string) => new Refusal(400, 'invalid_request', message, { param });
