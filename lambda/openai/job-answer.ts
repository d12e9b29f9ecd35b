import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { awaitJob, isPending } from './await-job';
import { DEGRADED_HEADER, JOB_HEADER } from '../../core/contract/http';
import type { JobRow } from '../../core/contract/job';
import type { Transcript } from '../../core/contract/transcript';
import { fitted } from '../frame/fitted';
import { type AnswerShape, type ParsedForm, type ResponseFormat } from './form-options';
import { FORMAT, srt, vtt } from '../../core/formats/formats';
import { json, Refusal, type Response } from '../frame/refusal';
import type { Request } from '../frame/caller';
import { jobFailure } from './job-failure';
import { resultKeys } from '../../core/jobs/job-tasks';
import type { JobStore } from '../../core/jobs/job-store';
import { events, plainJson, plainText, verboseJson } from '../../core/formats/openai-formats';
import { shown } from '../../core/contract/text';
import { view } from '../../core/jobs/views';
import { secondsLeft, secondsUntilRetry, type MachineState } from './when-done';

/** Where jobs and their transcripts are stored. */
export interface Results {
  store: JobStore;
  s3: S3Client;
  bucket: string;
}

/** How to wait for a job, and how to answer. */
export interface JobWait {
  request: Request;
  wanted: ParsedForm;
  /** Epoch milliseconds until which to wait. */
  untilMs: number;
  /** Whether to answer with the job and status 202 when the time is up. */
  async: boolean;
  /** Name of the parameter that names the job. @default - none: the request has a recording */
  param?: string;
  /** State of the machines. @default 'not asked' */
  machines?: MachineState;
}

/**
 * Waits for the transcript of a job, and answers as a synchronous request would.
 *
 * @throws Refusal with the job's error, if it ended without a transcript; (503) if the time is up.
 *   The 503 names the job, and OpenAI's clients retry it.
 */
export async function answerWhenDone(row: JobRow, waiting: JobWait, results: Results): Promise<Response> {
  const current = await awaitJob(row, results.store, waiting.untilMs);
  if (!isPending(current)) return answerOf(current, waiting, results);
  const now = new Date();
  if (waiting.async) return accepted(current, secondsLeft(current, now));
  throw notReady(current, secondsUntilRetry(current, waiting.machines ?? 'not asked', now));
}

/** Status 202 with the job, for a caller who asked for one. */
export const accepted = (row: JobRow, seconds: number): Response =>
  json(202, view(row), {
    location: `/v1/jobs/${row.id}`,
    [JOB_HEADER]: row.id,
    'retry-after': String(seconds),
    'preference-applied': 'respond-async',
  });

function notReady({ id, status }: JobRow, seconds: number): Refusal {
  const message =
    `The transcript is not ready: the recording is job ${id}, which is ${status}. Send the same request again in ` +
    `${seconds} s to wait for that job, or send job=${id} instead of the file, or call GET /v1/jobs/${id}`;
  return new Refusal(503, 'not_ready', message, {
    retryAfterSeconds: seconds,
    shouldRetry: true,
    jobId: id,
  });
}

async function answerOf(row: JobRow, { request, wanted, param }: JobWait, results: Results) {
  const key = resultKeys(row).transcription;
  if (key === undefined) throw jobFailure(row, param);
  const transcript = await stored(results, key, row);
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

/** Renders a transcript in one of OpenAI's formats, as the whisper service does. */
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
    // At the end of retention, or while a job is being deleted, the row may outlive its objects.
    if (error instanceof NoSuchKey)
      throw new Refusal(404, 'not_found', `The transcript of job ${row.id} has been deleted`);
    throw error;
  }
}

/** @throws Refusal (400) if the requested language differs from the one that the job detected */
function refuseOtherLanguage(row: JobRow, { task, options }: ParsedForm, { language }: Transcript): void {
  const isCompared = task !== 'translate' && row.options.language === undefined;
  if (!isCompared || options.language === undefined) return;
  if ([options.language, 'und'].includes(language)) return;
  const message = `Job ${row.id} detected the language ${shown(language)}; got ${shown(options.language)}`;
  throw invalid('language', message);
}

const invalid = (param: string, message: string) => new Refusal(400, 'invalid_request', message, { param });
