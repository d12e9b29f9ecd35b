import type { DeployedTasks } from '../../../core/contract/tasks';
import { Refusal } from '../../../lambda/frame/refusal';
import { parseSubmitJob } from '../../../lambda/api/submit-request';

const HYBRID: DeployedTasks = { transcription: {}, analysis: {} };
const CORPUS: DeployedTasks = { embedding: {} };
const OWN: DeployedTasks = {
  custom: {
    media_types: ['text/plain', 'image/*'],
    unit: 'token',
    result_type: 'application/json',
    options: {
      type: 'object',
      properties: { language: { type: 'string' }, words: { type: 'integer', minimum: 1 } },
      required: ['language'],
      additionalProperties: false,
    },
  },
};

/** Every option of an embedding, at its limit. */
const EVERY_OPTION = {
  column: 'x'.repeat(200),
  id_column: 'x'.repeat(200),
  instruction: 'x'.repeat(1000),
  dimensions: 8192,
  format: 'parquet',
  truncate: false,
};

const parse = (body: object, deployed: DeployedTasks) =>
  parseSubmitJob(body, { maxUploadBytes: 1000, deployed }).tasks;
function refusal(body: object, deployed: DeployedTasks): { status: number; param: unknown; message: string } {
  try {
    parse(body, deployed);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { param, message } = (JSON.parse(error.response.body ?? '') as { error: { param: string } & Error })
      .error;
    return { status: error.response.statusCode ?? 0, param, message };
  }
  throw new Error('not refused');
}

describe('a request with tasks', () => {
  it.each<[object, DeployedTasks, object]>([
    [{ transcription: { language: 'English' } }, HYBRID, { transcription: { language: 'en' } }],
    [{ analysis: {} }, HYBRID, { analysis: {} }],
    [
      { analysis: { tasks: ['topics'] }, transcription: { diarize: true } },
      HYBRID,
      { transcription: { diarize: true }, analysis: { tasks: ['topics'] } },
    ],
    [{ embedding: {} }, CORPUS, { embedding: {} }],
    [{ embedding: EVERY_OPTION }, CORPUS, { embedding: EVERY_OPTION }],
    [{ custom: { language: 'en', words: 3 } }, OWN, { custom: { language: 'en', words: 3 } }],
  ])('gets the tasks %j', (tasks, deployed, expected) => {
    expect(parse({ tasks }, deployed)).toEqual(expected);
  });

  it.each<[string, object, DeployedTasks, string, RegExp]>([
    [
      'an unknown task',
      { horoscope: {} },
      HYBRID,
      'tasks.horoscope',
      /^"tasks.horoscope" is not a task\. Supported tasks: transcription, analysis\./,
    ],
    [
      'a task of another path',
      { custom: {} },
      HYBRID,
      'tasks.custom',
      /not supported by this deployment\. Supported tasks: transcription, analysis\./,
    ],
    ['no task', {}, HYBRID, 'tasks', /must name at least one task: transcription, analysis; got \{\}/],
    ['an unknown option', { transcription: { speed: 2 } }, HYBRID, 'tasks.transcription.speed', /got 2$/],
    [
      'an option of another task',
      { transcription: { tasks: [] } },
      HYBRID,
      'tasks.transcription.tasks',
      /got \[\]$/,
    ],
    [
      'a wrong value',
      { transcription: { language: 'Klingonish' } },
      HYBRID,
      'tasks.transcription.language',
      /got "Klingonish"$/,
    ],
    [
      'a combination',
      { transcription: { num_speakers: 2 } },
      HYBRID,
      'tasks.transcription.num_speakers',
      /"diarize": true/,
    ],
    [
      'an unknown custom option',
      { custom: { language: 'en', colour: 'red' } },
      OWN,
      'tasks.custom.colour',
      /The option is unknown; got "red"$/,
    ],
    ['a wrong custom value', { custom: { language: 'en', words: 0 } }, OWN, 'tasks.custom.words', /got 0$/],
    [
      'text that is not Unicode',
      { custom: { language: '\ud800' } },
      OWN,
      'tasks.custom',
      /remove lone surrogates/,
    ],
    [
      'a missing custom option',
      { custom: {} },
      OWN,
      'tasks.custom',
      /required property "language"; got \{\}$/,
    ],
    ...(
      [
        ['column', '', /1/],
        ['column', 'x'.repeat(201), /200/],
        ['id_column', 'x'.repeat(201), /200/],
        ['instruction', 'x'.repeat(1001), /1000/],
        ['dimensions', 0, /1.*got 0$/],
        ['dimensions', 8193, /8192.*got 8193$/],
        ['dimensions', 1.5, /got 1\.5$/],
        ['format', 'csv', /jsonl.*parquet.*got "csv"$/],
        ['truncate', 'no', /got "no"$/],
        ['language', 'en', /got "en"$/],
      ] as const
    ).map(([option, value, message]): [string, object, DeployedTasks, string, RegExp] => [
      `${option} ${String(value).slice(0, 10)} of an embedding`,
      { embedding: { [option]: value } },
      CORPUS,
      `tasks.embedding.${option}`,
      message,
    ]),
  ])('is refused for %s', (_, tasks, deployed, param, message) => {
    expect(refusal({ tasks }, deployed)).toEqual({
      status: 400,
      param,
      message: expect.stringMatching(message),
    });
  });

  it('cannot have options, too', () => {
    expect(refusal({ tasks: { transcription: {} }, options: {} }, HYBRID)).toMatchObject({
      status: 400,
      param: 'options',
    });
  });
});

describe('a request without tasks', () => {
  it('gets every task of the deployment', () => {
    expect(parse({}, HYBRID)).toEqual({ transcription: {}, analysis: {} });
  });

  it('is an embedding on a deployment that does only that', () => {
    expect(parse({}, CORPUS)).toEqual({ embedding: {} });
  });

  it('is a speech on a deployment that does only that', () => {
    expect(parse({}, { speech: {} })).toEqual({ speech: {} });
  });

  it('is refused if the only task requires an option', () => {
    expect(refusal({}, OWN)).toMatchObject({ status: 400, param: 'tasks.custom' });
  });

  it('cannot have the options of a task that is not deployed', () => {
    expect(refusal({ options: { diarize: true } }, OWN)).toMatchObject({
      status: 400,
      param: 'options.diarize',
      message: expect.stringMatching(/not supported by this deployment\. Supported tasks: custom/),
    });
  });
});

describe('a media type', () => {
  const custom = { language: 'en' };

  it.each([
    [{ media_type: 'audio/mpeg', tasks: { transcription: {} } }, HYBRID],
    [{ media_type: 'video/mp4' }, HYBRID],
    [{ media_type: 'text/plain; charset=utf-8', tasks: { custom } }, OWN],
    [{ media_type: 'IMAGE/png', tasks: { custom } }, OWN],
    [{ media_type: 'application/jsonl' }, CORPUS],
    [{ media_type: 'application/x-ndjson' }, CORPUS],
    [{ media_type: 'application/vnd.apache.parquet', tasks: { embedding: {} } }, CORPUS],
  ])('%j is taken', (body, deployed) => {
    expect(() => parse(body, deployed)).not.toThrow();
  });

  it.each([
    [{ media_type: 'text/plain' }, HYBRID, 'audio/* or video/* for the task transcription; got "text/plain"'],
    [{ media_type: 'text/csv' }, CORPUS, 'application/octet-stream for the task embedding; got "text/csv"'],
    [
      { media_type: 'text/html', tasks: { custom } },
      OWN,
      'text/plain or image/* for the task custom; got "text/html"',
    ],
  ])('%j is refused', (body, deployed, message) => {
    expect(refusal(body, deployed)).toEqual({
      status: 415,
      param: 'media_type',
      message: expect.stringContaining(message),
    });
  });
});

describe('an option that the engine of the deployment cannot follow', () => {
  const SPOKEN: DeployedTasks = { transcription: { spoken_tasks: ['transcribe'] }, analysis: {} };
  const ENGLISH: DeployedTasks = { transcription: { spoken_tasks: ['transcribe'], languages: ['en'] } };

  it.each<[object, DeployedTasks, string, RegExp]>([
    [{ options: { task: 'translate' } }, SPOKEN, 'options.task', /cannot translate; it can transcribe/],
    [{ tasks: { transcription: { task: 'translate' } } }, SPOKEN, 'tasks.transcription.task', /translate/],
    [{ options: { language: 'German' } }, ENGLISH, 'options.language', /language "de"; it hears en/],
    [{ options: { languages: ['en', 'fr'] } }, ENGLISH, 'options.languages', /language "fr"/],
  ])('is refused: %j', (body, deployed, param, message) => {
    expect(refusal(body, deployed)).toEqual({ status: 400, param, message: expect.stringMatching(message) });
  });

  it.each<[object, DeployedTasks]>([
    [{ options: { task: 'translate', language: 'de' } }, HYBRID],
    [{ options: { task: 'transcribe', language: 'de' } }, SPOKEN],
    [{ options: { language: 'en-US' } }, ENGLISH],
    [{ options: { languages: ['en', 'auto'] } }, ENGLISH],
    [{}, ENGLISH],
  ])('is no other option: %j', (body, deployed) => {
    expect(() => parse(body, deployed)).not.toThrow();
  });
});
