import { Refusal } from '../../../lambda/frame/refusal';
import { parseSpeech } from '../../../lambda/openai/speech/speech-body';

const parse = (fields: object, deployed?: string) =>
  parseSpeech({ model: 'tts-1', input: 'Hello.', voice: 'alloy', ...fields }, deployed);

/** The refusal of a body. */
function refusal(fields: object, deployed?: string): Refusal {
  try {
    parse(fields, deployed);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('It was accepted');
}

test('a body is passed on with its defaults, and is the options of the job', () => {
  const { body, options, ...more } = parse({});
  expect(JSON.parse(body.toString())).toEqual({
    model: 'tts-1',
    input: 'Hello.',
    voice: 'alloy',
    response_format: 'mp3',
    stream_format: 'audio',
    ssml: false,
  });
  expect(options).toEqual({ voice: 'alloy', format: 'mp3', text_format: 'text', loudness: false });
  expect(more).toEqual({
    input: 'Hello.',
    format: 'mp3',
    isStream: false,
    unsupported: [],
    ignored: [],
    isLong: false,
  });
});

test('all fields are passed on, and instructions are reported as ignored', () => {
  const fields = { response_format: 'opus', speed: 0.25, stream_format: 'sse', language: 'en', ssml: true };
  const { body, options, isStream, ignored } = parse({
    ...fields,
    voice: { id: 'af_heart' },
    instructions: 'Whisper.',
  });
  expect(JSON.parse(body.toString())).toEqual({
    ...fields,
    model: 'tts-1',
    input: 'Hello.',
    voice: 'af_heart',
    instructions: 'Whisper.',
  });
  expect(options).toEqual({
    voice: 'af_heart',
    speed: 0.25,
    language: 'en',
    format: 'opus',
    text_format: 'ssml',
    loudness: false,
  });
  expect([isStream, ignored]).toEqual([true, ['instructions']]);
});

test('fields that are null have their defaults, and unknown ones are not passed on', () => {
  const nothing = { voice: null, speed: null, response_format: null, stream_format: null, language: null };
  const { body, options } = parse({ ...nothing, instructions: null, ssml: null, future: { deep: [1] } });
  expect(JSON.parse(body.toString())).not.toHaveProperty('future');
  expect(options).toEqual({ format: 'mp3', text_format: 'text', loudness: false });
});

test.each<[object, string]>([
  [{ input: undefined }, 'input'],
  [{ input: '' }, 'input'],
  [{ input: ' \n\t' }, 'input'],
  [{ input: 7 }, 'input'],
  [{ input: ['a'] }, 'input'],
  [{ input: 'lone \ud800' }, 'input'],
  [{ model: undefined }, 'model'],
  [{ model: 'x'.repeat(257) }, 'model'],
  [{ voice: '' }, 'voice'],
  [{ voice: 7 }, 'voice'],
  [{ voice: 'x'.repeat(101) }, 'voice'],
  [{ voice: {} }, 'voice.id'],
  [{ response_format: 'm4b' }, 'response_format'],
  [{ response_format: 'ogg' }, 'response_format'],
  [{ speed: 0.24 }, 'speed'],
  [{ speed: 4.01 }, 'speed'],
  [{ speed: '1' }, 'speed'],
  [{ stream_format: 'events' }, 'stream_format'],
  [{ instructions: 7 }, 'instructions'],
  [{ language: 'x'.repeat(65) }, 'language'],
  [{ ssml: 'yes' }, 'ssml'],
])('is refused: %j', (fields, param) => {
  const { status, code, options, message } = refusal(fields);
  expect([status, code, options.param]).toEqual([400, 'invalid_request', param]);
  expect(message).toContain(`"${param}"`);
  expect(message.length).toBeLessThan(400);
});

test.each(['שלום עולם', 'مرحبا', '👋🏽 hi', 'a\u0000b'])('the text %j is left to the service', (input) => {
  expect(parse({ input }).input).toBe(input);
});

test('a text of more than 4,096 characters is long, whatever their size', () => {
  expect(parse({ input: 'x'.repeat(4096) }).isLong).toBe(false);
  expect(parse({ input: '👋'.repeat(4096) }).isLong).toBe(false);
  expect(parse({ input: 'x'.repeat(4097) }).isLong).toBe(true);
});

test.each(['kokoro-82m', 'onnx-community/Kokoro-82M', 'tts-1-hd', 'gpt-4o-mini-tts'])(
  'the model may be %s',
  (model) => expect(parse({ model }, 'kokoro-82m').unsupported).toEqual([]),
);

test('another model is refused with the names that are accepted, or left to the service', () => {
  const { status, code, message } = refusal({ model: 'whisper-1' }, 'kokoro-82m');
  expect([status, code]).toEqual([404, 'model_not_found']);
  expect(message).toBe(
    'The model "whisper-1" is not deployed: send "kokoro-82m", or one of its other names tts-1, tts-1-hd, gpt-4o-mini-tts, gpt-4o-mini-tts-2025-12-15',
  );
  expect(parse({ model: 'mine' }).unsupported).toEqual([
    { param: 'model', reason: 'jobs use the deployed model' },
  ]);
});
