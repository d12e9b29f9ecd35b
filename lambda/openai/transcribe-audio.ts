import { AUDIO_SECONDS_HEADER } from '../../core/contract/http';
import { tasksFor } from '../../core/jobs/job-tasks';
import { beyondEngine } from '../../core/tasks/spoken-abilities';
import { TRANSCRIPTION_MODELS } from '../../core/models/model-names';
import type { Allowance } from '../frame/allowance';
import type { Request } from '../frame/caller';
import { httpHandler } from '../frame/http';
import { type Begun, Refusal, type Response } from '../frame/refusal';
import { envNumber, type Tools } from '../frame/runtime';
import { answerTask, askingOf, jobWait, type TaskDependencies, taskDependencies } from './answer-task';
import { answerOfJob, jobOf } from './audio/answer-of-job';
import { type AudioForm, readForm } from './audio/audio-form';
import { parseForm, type Task } from './audio/form-options';
import { transcriptAnswer } from './audio/transcript-answer';
import { isModels, modelsAnswer } from './models-answer';
import type { TaskRoute } from './task-request';

const PATH = { transcribe: '/v1/audio/transcriptions', translate: '/v1/audio/translations' } as const;

const ROUTE: TaskRoute = {
  task: 'transcription',
  unit: 'audio_second',
  header: AUDIO_SECONDS_HEADER,
  streamEnd: 'transcript.text.done',
  input: 'recording',
  result: 'transcript',
  // Speech is often sent at 64 kbit/s, and path 300 of the original system transcribed 13 seconds of
  // it per second on a T4. Uncompressed audio is shorter, so its job ends earlier.
  bytesPerSecond: 8_000 * 13,
};

const STREAM = { param: 'stream', reason: 'the result of a job is not a stream of events' };

export interface Dependencies extends TaskDependencies {
  maxUploadBytes: number;
}

/**
 * OpenAI's API: `POST /v1/audio/transcriptions` and `/v1/audio/translations`, answered as
 * {@link answerTask} says.
 *
 * - A form may have 4.5 MB: Lambda accepts events of 6 MB, and the form is encoded in base64. The
 *   gateway refuses larger forms with its own message. Send larger recordings to `POST /v1/jobs`,
 *   whose uploads bypass Lambda.
 * - `job=<id>` instead of `file` requests the transcript of that job, in the given format.
 * - With `stream=true` all events arrive together at the end, because the gateway does not stream
 *   answers. Clients can read them as usual.
 */
export const handler = httpHandler(
  (): Dependencies => ({ ...taskDependencies('whisperModel'), maxUploadBytes: envNumber('maxUploadBytes') }),
  transcribeAudio,
);

export async function transcribeAudio(
  request: Request,
  dependencies: Dependencies,
  tools: Tools,
  allowance: Allowance,
  begun: Begun,
): Promise<Response> {
  if (isModels(request)) return modelsAnswer(request, dependencies, TRANSCRIPTION_MODELS);
  const asking = askingOf(request, dependencies);
  const task: Task = request.rawPath.endsWith('/translations') ? 'translate' : 'transcribe';
  const contentType = request.headers['content-type'] ?? '';
  const body = Buffer.from(request.body ?? '', request.isBase64Encoded ? 'base64' : 'utf8');
  const form = readForm(body, contentType, dependencies.maxUploadBytes);
  const id = jobOf(form);
  if (id === undefined) recordingOf(form);
  const wanted = parseForm(form.fields, task, dependencies.model);
  const beyond = beyondEngine(wanted.options, dependencies.deployed.transcription ?? {});
  if (beyond !== undefined)
    throw new Refusal(400, 'invalid_request', beyond.message, {
      param: beyond.option === 'task' ? undefined : beyond.option,
    });
  const answer = {
    route: ROUTE,
    render: transcriptAnswer(request, wanted, ROUTE, dependencies),
    later: (job: string) => `send job=${job} instead of the file`,
  };
  if (id !== undefined) {
    const waiting = jobWait(asking, { ...answer, fault: (message) => ({ param: 'job', message }) });
    return answerOfJob(id, wanted, waiting, dependencies, begun);
  }
  const { recordings } = wanted;
  const tasks = tasksFor(wanted.options, dependencies.deployed);
  const input = { ...recordingOf(form), tasks, speakers: recordings };
  const recording = {
    ...answer,
    sent: { path: PATH[task], contentType, body },
    input,
    unsupported: wanted.unsupported,
    withoutEffect: wanted.answer.stream ? [STREAM] : [],
  };
  return answerTask(recording, asking, dependencies, tools, allowance, begun);
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
