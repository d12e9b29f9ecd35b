import * as z from 'zod/mini';
import { OPTION_LIMITS, SPEECH_LIMITS } from '../../../core/contract/limits';
import { SPEECH_FORMATS, type SpeechFormat } from '../../../core/contract/names';
import { text } from '../../../core/contract/text';
import type { SpeechOptions } from '../../../core/contract/work/options';
import { MOST_MODEL_NAME } from '../../../core/models/model-names';
import { SPEECH_MODELS } from '../../../core/models/speech-names';
import { MAX_ANSWER_BYTES } from '../../frame/fitted';
import { Refusal } from '../../frame/refusal';
import { validBody } from '../../frame/valid-body';
import { checkedModel } from '../checked-model';
import type { Unsupported } from '../task-request';

const { voice: VOICE, slowest, fastest, inPlace } = SPEECH_LIMITS;
const voice = text(VOICE, 1);

/** The fields of `POST /v1/audio/speech`. Fields that OpenAI adds later are ignored, as by the service. */
const fields = z.object({
  model: text(MOST_MODEL_NAME, 1),
  // The limit of the body is lower.
  input: text(MAX_ANSWER_BYTES, 1),
  /** A name, or an object with it, as newer clients send. @default - the first voice of the engine */
  voice: z.nullish(z.union([voice, z.object({ id: voice })])),
  response_format: z.nullish(z.enum(SPEECH_FORMATS)),
  speed: z.nullish(z.number().check(z.minimum(slowest), z.maximum(fastest))),
  stream_format: z.nullish(z.enum(['audio', 'sse'])),
  /** Has no effect: no engine follows instructions. */
  instructions: z.nullish(z.string()),
  /** ISO 639-1 code, for a voice that speaks several languages. Not part of OpenAI's API, like `ssml`. */
  language: z.nullish(text(OPTION_LIMITS.language)),
  /** Whether the input is SSML. */
  ssml: z.nullish(z.boolean()),
});

/** A valid request for speech. */
export interface WantedSpeech {
  input: string;
  format: SpeechFormat;
  /** Whether the answer is a stream of events. */
  isStream: boolean;
  /** Options of the job. */
  options: SpeechOptions;
  /** The request for the service. */
  body: Buffer;
  /** Fields that jobs do not support. */
  unsupported: Unsupported[];
  /** Fields that had no effect. */
  ignored: string[];
  /** Whether speaking it takes longer than a request may wait. */
  isLong: boolean;
}

/**
 * Parses the body of `POST /v1/audio/speech`. What needs the voices is checked by the service.
 *
 * @param model name of the deployed model. @default - unknown: the service checks the name
 * @throws Refusal (400) with the field; (404) for another model than the deployed one
 */
export function parseSpeech(given: unknown, model?: string): WantedSpeech {
  const valid = validBody(fields, given);
  const { input, model: name, voice: chosen, instructions, ssml, ...more } = valid;
  if (input.trim() === '')
    throw new Refusal(
      400,
      'invalid_request',
      '"input" is empty: send at least one character that is not a space',
      { param: 'input' },
    );
  const unsupported = checkedModel(name, model, SPEECH_MODELS);
  const format = more.response_format ?? 'mp3';
  const isStream = more.stream_format === 'sse';
  const spoken = {
    ...(typeof chosen === 'string' && { voice: chosen }),
    ...(chosen !== null && typeof chosen === 'object' && { voice: chosen.id }),
    ...(typeof more.speed === 'number' && { speed: more.speed }),
    ...(more.language && { language: more.language }),
  };
  const sent = {
    ...{ model: name, input, response_format: format, stream_format: isStream ? 'sse' : 'audio' },
    ...{ ...spoken, ssml: ssml === true, instructions: instructions ?? undefined },
  };
  return {
    ...{ input, format, isStream, unsupported },
    // As a machine answers: the loudness of a whole is known only at its end.
    options: { ...spoken, format, text_format: ssml === true ? 'ssml' : 'text', loudness: false },
    body: Buffer.from(JSON.stringify(sent)),
    ignored: instructions ? ['instructions'] : [],
    isLong: input.length > inPlace && [...input].length > inPlace,
  };
}
