import { isDeepStrictEqual } from 'node:util';
import type { JobOptions } from '../../core/contract/options';
import type { JobRow } from '../../core/contract/job';
import { shownValue } from '../../core/contract/text';
import { caller } from '../frame/caller';
import { ownJob } from '../frame/own-job';
import { type Begun, Refusal, type Response } from '../frame/refusal';
import type { AudioForm } from './audio-form';
import { type ParsedForm, one } from './form-options';
import { answerWhenDone, type Results, type JobWait } from './job-answer';

// `job=<id>` in place of a file.

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
 * The transcript of a job in place of a recording's.
 *
 * @throws Refusal (404) for jobs that are not the caller's; (400) for fields that would need another transcription
 */
export async function answerOfJob(
  id: string,
  waiting: JobWait,
  results: Results,
  begun: Begun,
): Promise<Response> {
  const row = await ownJob(id, caller(waiting.request).tenant, results.store);
  begun.jobId = row.id;
  refuseOtherWork(row, waiting.wanted);
  return answerWhenDone(row, { ...waiting, param: 'job' }, results);
}

/**
 * The fields of the first request may be repeated. Others would change what was heard, which is over.
 *
 * @throws Refusal (400) naming the first field that would need another transcription than the job's
 */
function refuseOtherWork(row: JobRow, { task, options, unsupported }: ParsedForm): void {
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

const invalid = (param: string, message: string) => new Refusal(400, 'invalid_request', message, { param });
