import {
  CHARACTERS_HEADER,
  DEGRADED_HEADER,
  IGNORED_HEADER,
  JOB_HEADER,
  LEFT_OUT_HEADER,
  VOICE_HEADER,
} from '../../../core/contract/http';
import type { JobRow } from '../../../core/contract/job';
import { KEY } from '../../../core/contract/keys';
import { Speech } from '../../../core/contract/work/speech';
import { SPEECH_TYPE } from '../../../core/formats/speech-types';
import { MAX_ANSWER_BYTES } from '../../frame/fitted';
import { missingStages } from '../../frame/missing-stages';
import { Refusal, type Response } from '../../frame/refusal';
import type { InputStorage } from '../keep-input';
import { storedBytes, storedText } from '../stored-text';
import type { TaskRoute } from '../task-request';
import type { WantedSpeech } from './speech-body';

/** Last event of a stream. */
export const STREAM_END = 'speech.audio.done';

/**
 * Renders the speech of a job in OpenAI's shape, as the speech service does: its bytes, or all of
 * them in one event.
 *
 * @throws Refusal (400) if the answer is too large; (404) if the result was deleted
 */
export const speechAnswer =
  ({ format, isStream, ignored }: WantedSpeech, route: TaskRoute, storage: InputStorage) =>
  async (row: JobRow, key: string): Promise<Response> => {
    const speech = Speech.parse(JSON.parse(await storedText(row, key, route, storage)));
    const [file] = speech.files;
    if (file === undefined) throw new Error(`The speech of job ${row.id} has no files`);
    // In an event, the bytes are in base64, which counts as text.
    const most = isStream ? Math.floor((MAX_ANSWER_BYTES * 3) / 4) - ENVELOPE_BYTES : MAX_ANSWER_BYTES;
    if (file.bytes > most) throw tooLarge(row, file.name, file.bytes, most);
    const bytes = await storedBytes(row, KEY.file(row.id, file.attempt, file.name), route, storage);
    const missing = missingStages(speech.degraded);
    const headers = {
      'content-type': isStream ? 'text/event-stream; charset=utf-8' : SPEECH_TYPE[format],
      'cache-control': 'private, no-store',
      [JOB_HEADER]: row.id,
      [VOICE_HEADER]: ascii(speech.voice),
      [CHARACTERS_HEADER]: String(speech.characters),
      ...(ignored.length > 0 && { [IGNORED_HEADER]: ignored.join(', ') }),
      ...(missing !== undefined && { [DEGRADED_HEADER]: missing, [LEFT_OUT_HEADER]: leftOut(speech) }),
    };
    const audio = bytes.toString('base64');
    return isStream
      ? { statusCode: 200, headers, body: events(audio, speech) }
      : { statusCode: 200, headers, body: audio, isBase64Encoded: true };
  };

/** Proxies do not take longer lines. */
const MOST_LEFT_OUT = 1000;

/** Why something is missing, as the service says it in a header. */
const leftOut = ({ degraded }: Speech): string =>
  ascii(degraded.map(({ reason }) => reason).join(' ')).slice(0, MOST_LEFT_OUT);

/** A text for a header: other characters are escaped, as Python does it. */
const ascii = (text: string): string =>
  text.replace(/[^ -~]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, '0')}`;
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
  });

/** Bytes of the events around the audio. */
const ENVELOPE_BYTES = 1000;

/** A whole speech as events. The units of its usage are characters. */
function events(audio: string, { characters }: Speech): string {
  const usage = { input_tokens: characters, output_tokens: 0, total_tokens: characters };
  const all = [
    { type: 'speech.audio.delta', audio },
    { type: STREAM_END, usage },
  ];
  return all.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
}

function tooLarge({ id }: JobRow, name: string, bytes: number, most: number): Refusal {
  const message =
    `The speech has ${bytes} bytes; an answer has at most ${most}. Get it from GET /v1/jobs/${id}/speech?file=${name}, ` +
    'or send "response_format" mp3 or opus, which are smaller';
  return new Refusal(400, 'invalid_request', message, {
    param: 'response_format',
    jobId: id,
    shouldRetry: false,
  });
}
