import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import type { AudioForm, FormFields } from './audio-form';
import type { JobRow, Transcript } from './contract';
import type { Layout } from './cue-lines';
import { fitted } from './fitted';
import { isStream, layoutOf, one, type ResponseFormat, responseFormat, type Task } from './form-options';
import { FORMAT, srt, vtt } from './formats';
import { caller, json, Refusal, type Request, type Response } from './http';
import type { JobStore } from './job-store';
import { plainJson } from './openai-formats';
import { ownJob } from './own-job';
import { view } from './views';
import { secondsLeft } from './when-done';

/** How a transcript is answered in each of OpenAI's formats, as the whisper service does. */
const RENDER: Record<ResponseFormat, (transcript: Transcript, layout: Layout) => string> = {
  json: plainJson,
  text: ({ text }) => `${text}\n`,
  srt,
  vtt,
  verbose_json: FORMAT.verbose_json.render,
  diarized_json: FORMAT.diarized_json.render,
};

/** Its content type. */
const typeOf = (format: ResponseFormat) => FORMAT[format === 'text' ? 'txt' : format].type;

/**
 * The transcript of a job in place of a recording's: what an answer in place would have been, or 202 and when to ask again.
 *
 * @param task what is asked for: a job that only transcribed has no translation
 * @throws Refusal (404) for jobs that are not the caller's; (422) with its error for one that has no transcript and never will
 */
export async function answerOfJob(
  request: Request,
  { id, fields, task }: { id: string; fields: FormFields; task: Task },
  { store, s3, bucket }: { store: JobStore; s3: S3Client; bucket: string },
): Promise<Response> {
  const format = responseFormat(fields);
  const layout = layoutOf(fields);
  if (isStream(fields)) throw invalid('stream', 'The transcript of a job comes whole: leave out "stream"');
  const row = await ownJob(id, caller(request).tenant, store);
  if (task === 'translate' && row.options.task !== 'translate')
    throw invalid('job', `Job ${row.id} is no translation: ask /v1/audio/transcriptions for it`);
  if (row.transcript_key === undefined) return withoutTranscript(row);
  const transcript = await stored(s3, { Bucket: bucket, Key: row.transcript_key }, row);
  const missing = [...new Set(transcript.degraded.map(({ stage }) => stage))].join(', ');
  const headers = {
    'content-type': typeOf(format),
    'cache-control': 'private, no-store',
    ...(missing !== '' && { 'x-spotscribe-degraded': missing }),
  };
  return fitted(
    request,
    { param: 'response_format', name: format },
    headers,
    RENDER[format](transcript, layout),
  );
}

/** A job as an answer to who waits for its transcript. */
export const accepted = (row: JobRow, seconds: number, more: object = {}): Response =>
  json(202, { ...view(row), ...more }, { location: `/v1/jobs/${row.id}`, 'retry-after': String(seconds) });

function withoutTranscript(row: JobRow): Response {
  if (row.open !== undefined) return accepted(row, secondsLeft(row, new Date()));
  const { code = 'not_ready', message = 'it has no transcript' } = row.error ?? {};
  // Not 409, which OpenAI's clients repeat.
  throw new Refusal(422, code, `Job ${row.id} is ${row.status}: ${message}`, { param: 'job' });
}

async function stored(
  s3: S3Client,
  object: { Bucket: string; Key: string },
  row: JobRow,
): Promise<Transcript> {
  try {
    const { Body } = await s3.send(new GetObjectCommand(object));
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

const invalid = (param: string, message: string) => new Refusal(400, 'invalid_request', message, { param });
