import { CustomResult } from '../../core/contract/work/custom';
import { DEGRADED_HEADER } from '../../core/contract/http';
import type { JobRow } from '../../core/contract/job';
import {
  ANALYSIS_ENDING,
  type AnalysisFormat,
  FORMAT_ENDING,
  formatNamed,
  type TranscriptFormat,
} from '../../core/contract/names';
import type { Analysis } from '../../core/contract/work/analysis';
import type { Embedding } from '../../core/contract/work/embedding';
import type { Speech } from '../../core/contract/work/speech';
import type { Transcript } from '../../core/contract/work/transcript';
import { CHAPTER_FORMAT } from '../../core/formats/chapters';
import { FORMAT } from '../../core/formats/formats';
import { tasksOf } from '../../core/jobs/job-tasks';
import { TASKS } from '../../core/tasks';
import type { Task } from '../../core/tasks/task';
import type { Request } from '../frame/caller';
import { fitted, MAX_ANSWER_BYTES } from '../frame/fitted';
import { missingStages } from '../frame/missing-stages';
import { Refusal, type Response } from '../frame/refusal';
import { filesOfEmbedding } from './embedding-result';
import { filesResult } from './files-result';
import { oneOf } from './one-of';
import { filesOfSpeech } from './speech-result';
import { type Results, resultHeaders, storedResult } from './stored-result';

const JSON_TYPE = 'application/json';

/**
 * The result of a task of a job.
 *
 * @throws Refusal (404) if the job has no such task; (409) if the result is not ready or missing
 */
export function jobResult(task: Task, request: Request, row: JobRow, results: Results): Promise<Response> {
  const { name, resultName, formats = ['json'] } = task;
  if (tasksOf(row)[name] === undefined) {
    const message = `Job ${row.id} has no ${resultName}: it was not requested, or this deployment does not support it`;
    throw new Refusal(404, 'not_found', message);
  }
  const { format: asked = 'json' } = request.queryStringParameters ?? {};
  const format = oneOf('format', formatNamed(asked) ?? asked, formats);
  switch (name) {
    case 'transcription':
      return transcript(request, row, format as TranscriptFormat, results);
    case 'analysis':
      return analysis(request, row, format as AnalysisFormat, results);
    case 'embedding':
      return filesResult(task, (stored: Embedding) => filesOfEmbedding(row, stored), {
        request,
        row,
        results,
      });
    case 'speech':
      return filesResult(task, (stored: Speech) => filesOfSpeech(row, stored), { request, row, results });
    case 'custom':
      return customResult(row, results);
  }
}

async function transcript(
  request: Request,
  row: JobRow,
  kind: TranscriptFormat,
  results: Results,
): Promise<Response> {
  const headers = resultHeaders(`${row.id}.${FORMAT_ENDING[kind]}`);
  const stored = await storedResult(row, TASKS.transcription, results);
  if (kind === 'json' && stored.bytes > MAX_ANSWER_BYTES)
    return { statusCode: 302, headers: { ...headers, location: await stored.location() } };
  const content = JSON.parse(await stored.text()) as Transcript;
  const { type, render } = FORMAT[kind];
  return fitted(
    request,
    { param: 'format', name: kind },
    { ...headers, 'content-type': type },
    render(content),
  );
}

/** An analysis as it is stored, or its chapters. */
async function analysis(
  request: Request,
  row: JobRow,
  kind: AnalysisFormat,
  results: Results,
): Promise<Response> {
  const headers = resultHeaders(`${row.id}.${ANALYSIS_ENDING[kind]}`);
  const stored = await storedResult(row, TASKS.analysis, results);
  if (kind === 'json') {
    const whole = { ...headers, 'content-type': JSON_TYPE };
    if (stored.bytes > MAX_ANSWER_BYTES)
      return { statusCode: 302, headers: { ...whole, location: await stored.location() } };
    return { statusCode: 200, headers: whole, body: await stored.text() };
  }
  const content = JSON.parse(await stored.text()) as Analysis;
  if (content.chapters === undefined) {
    const message = `The analysis of job ${row.id} has no chapters: name "chapters" in the "tasks" of "analysis"`;
    throw new Refusal(404, 'not_found', message);
  }
  const { type, render } = CHAPTER_FORMAT[kind];
  return fitted(
    request,
    { param: 'format', name: kind },
    { ...headers, 'content-type': type },
    render(content),
  );
}

/** The result of a custom task, in its own media type. */
async function customResult(row: JobRow, results: Results): Promise<Response> {
  const object = await storedResult(row, TASKS.custom, results);
  const stored = CustomResult.parse(JSON.parse(await object.text()));
  const type = row.custom?.result_type ?? JSON_TYPE;
  const missing = missingStages(stored.degraded);
  const headers = {
    'cache-control': 'private, no-store',
    'content-type': type,
    ...(missing !== undefined && { [DEGRADED_HEADER]: missing }),
  };
  const body =
    typeof stored.result === 'string' && type !== JSON_TYPE ? stored.result : JSON.stringify(stored.result);
  if (Buffer.byteLength(body) > MAX_ANSWER_BYTES) {
    // The stored document, with the result as one of its fields.
    const location = await object.location();
    return { statusCode: 302, headers: { ...headers, 'content-type': JSON_TYPE, location } };
  }
  return { statusCode: 200, headers, body };
}
