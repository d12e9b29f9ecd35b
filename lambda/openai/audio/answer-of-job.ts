import { isDeepStrictEqual } from 'node:util';
import type { JobOptions } from '../../../core/contract/work/options';
import type { JobRow } from '../../../core/contract/job';
import type { JobStore } from '../../../core/jobs/job-store';
import { shownValue } from '../../../core/contract/text';
import { caller } from '../../frame/caller';
import { ownJob } from '../../frame/own-job';
import { type Begun, Refusal, type Response } from '../../frame/refusal';
import type { AudioForm } from './audio-form';
import { type ParsedForm, one } from './form-options';
import { answerWhenDone, type JobWait } from '../job-answer';

// Requests with `job=<id>` instead of a file.

/**
 * The id of the requested job, if any.
 *
 * @throws Refusal (400) if the form also has a recording. An empty file is allowed, for clients
 *   that must send one.
 */
export function jobOf({ fields, file }: AudioForm): string | undefined {
  const id = one(fields, 'job');
  if (id !== undefined && file !== undefined && file.bytes.length > 0)
    throw invalid(
      'job',
      '"job" requests the transcript of an existing job: send it without "file", or with an empty file',
    );
  return id;
}

/**
 * Answers with the transcript of an existing job.
 *
 * @throws Refusal (404) if the job is unknown or another tenant's; (400) for fields that require
 *   another transcription
 */
export async function answerOfJob(
  id: string,
  wanted: ParsedForm,
  waiting: JobWait,
  { store }: { store: JobStore },
  begun: Begun,
): Promise<Response> {
  const row = await ownJob(id, caller(waiting.request).tenant, store);
  begun.jobId = row.id;
  refuseOtherWork(row, wanted);
  return answerWhenDone(row, waiting, store);
}

/**
 * The fields of the original request may be repeated. Other values would require a new
 * transcription.
 *
 * @throws Refusal (400) with the first field that requires another transcription than the job's
 */
function refuseOtherWork(row: JobRow, { task, options, recordings, unsupported }: ParsedForm): void {
  const [first] = unsupported;
  if (first !== undefined)
    throw invalid(first.param, `"${first.param}" is not supported with "job": ${first.reason}. Leave it out`);
  if ((row.options.task ?? 'transcribe') !== task) {
    const [is, route] =
      task === 'translate' ? ['not a translation', 'transcriptions'] : ['a translation', 'translations'];
    throw invalid('job', `Job ${row.id} is ${is}: send the request to /v1/audio/${route}`);
  }
  if (recordings.length > 0 && row.speaker_recordings === undefined) {
    const message = `Job ${row.id} was transcribed without "known_speaker_references". Leave them out, or send the recording again with them`;
    throw invalid('known_speaker_references', message);
  }
  const own: JobOptions = {
    ...row.options,
    // A detected language is compared later, when the transcript is read.
    language: row.options.language ?? options.language,
    // The speakers of separate channels need no diarization.
    ...(row.options.channels === 'separate' && { diarize: options.diarize }),
  };
  const other = (Object.keys(options) as (keyof JobOptions)[]).find(
    (name) => !isDeepStrictEqual(options[name], own[name]),
  );
  if (other === undefined) return;
  const made = own[other];
  const was = made === undefined ? `without "${other}"` : `with "${other}" ${shownValue(made)}`;
  const message = `Job ${row.id} was transcribed ${was}. Leave out "${other}", or send the recording again with it`;
  throw invalid(
    other,
    other === 'diarize' ? `${message}. The model and the format diarized_json also set "diarize"` : message,
  );
}

const invalid = (param: string, message: string) => new Refusal(400, 'invalid_request', message, { param });
