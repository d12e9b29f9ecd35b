import { CHARACTERS_HEADER } from '../../core/contract/http';
import { SPEECH_MODELS } from '../../core/models/speech-names';
import type { Allowance } from '../frame/allowance';
import type { Request } from '../frame/caller';
import { MAX_ANSWER_BYTES } from '../frame/fitted';
import { httpHandler } from '../frame/http';
import { jsonBody } from '../frame/json-body';
import { type Begun, Refusal, type Response } from '../frame/refusal';
import type { Tools } from '../frame/runtime';
import { answerTask, askingOf, type TaskDependencies, taskDependencies } from './answer-task';
import { passedOn } from './answered-in-place';
import { askMachine } from './ask-machine';
import { isModels, modelsAnswer } from './models-answer';
import { speechAnswer, STREAM_END } from './speech/speech-answer';
import { parseSpeech } from './speech/speech-body';
import type { TaskRoute } from './task-request';
import { secondsUntilDone } from './when-done';

const ROUTE: TaskRoute = {
  task: 'speech',
  unit: 'character',
  header: CHARACTERS_HEADER,
  streamEnd: STREAM_END,
  input: 'text',
  result: 'speech',
  // Speech has about 15 characters a second. Assumes that a T4 speaks 20 times as fast. Not measured.
  bytesPerSecond: 300,
};

/** Lambda accepts events of 6 MB, in which some characters of the body are escaped. */
const LIMIT = {
  bytes: MAX_ANSWER_BYTES,
  cure: 'Send several requests, or the text as a file to POST /v1/jobs',
};

/** A running machine lists its voices at once. */
const VOICES_SECONDS = 3;

/**
 * OpenAI's API: `POST /v1/audio/speech`, answered as {@link answerTask} says. As a job, the input is
 * a file of text. With `stream_format` sse, all events arrive together at the end, because the
 * gateway does not stream answers.
 */
export const handler = httpHandler(() => taskDependencies('speechModel'), createSpeech);

export async function createSpeech(
  request: Request,
  dependencies: TaskDependencies,
  tools: Tools,
  allowance: Allowance,
  begun: Begun,
): Promise<Response> {
  if (isModels(request)) return modelsAnswer(request, dependencies, SPEECH_MODELS);
  if (request.rawPath.endsWith('/voices')) return voicesAnswer(dependencies);
  const asking = askingOf(request, dependencies);
  const wanted = parseSpeech(jsonBody(request, LIMIT), dependencies.model);
  const { input, options, body, unsupported, isLong } = wanted;
  const isSsml = options.text_format === 'ssml';
  const spoken = {
    route: ROUTE,
    render: speechAnswer(wanted, ROUTE, dependencies),
    later: (id: string) => `get the file from GET /v1/jobs/${id}/speech when it is done`,
    sent: { path: '/v1/audio/speech', contentType: 'application/json', body },
    input: {
      name: isSsml ? 'speech.ssml' : 'speech.txt',
      bytes: Buffer.from(input),
      tasks: { speech: options },
      mediaType: isSsml ? 'application/ssml+xml' : 'text/plain',
    },
    ...{ unsupported, isLong },
  };
  return answerTask(spoken, asking, dependencies, tools, allowance, begun);
}

/**
 * The voices that a running machine lists.
 *
 * @throws Refusal (503) if none is running: they depend on the engine and on the files of the model
 */
async function voicesAnswer({ machinesUrl }: TaskDependencies): Promise<Response> {
  const limits = { milliseconds: VOICES_SECONDS * 1000, bytes: MAX_ANSWER_BYTES };
  const asked = await askMachine(machinesUrl, { path: '/v1/audio/voices' }, limits);
  if (asked.outcome === 'answered') return passedOn(asked.answer);
  const message =
    'No machine is running, and only machines know their voices. Send a text to POST /v1/audio/speech, which starts a ' +
    "machine, and try again. OpenAI's names of voices, such as alloy, always work";
  throw new Refusal(503, 'busy', message, {
    retryAfterSeconds: Math.min(59, secondsUntilDone(0, 'asleep')),
    shouldRetry: false,
  });
}
