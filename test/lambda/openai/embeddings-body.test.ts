import { Refusal } from '../../../lambda/frame/refusal';
import { parseEmbeddings } from '../../../lambda/openai/embeddings/embeddings-body';

const MODEL = 'text-embedding-3-small';
const parse = (fields: object, deployed?: string) => parseEmbeddings({ model: MODEL, ...fields }, deployed);

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

describe('the field "input"', () => {
  test.each<[unknown, unknown[]]>([
    ['hello', ['hello']],
    [
      ['a', ' b '],
      ['a', ' b '],
    ],
    [[1, 2, 0], [[1, 2, 0]]],
    [
      [[1], [2, 3]],
      [[1], [2, 3]],
    ],
    ['👋🏽 你好\n', ['👋🏽 你好\n']],
  ])('may be %j', (input, inputs) => expect(parse({ input }).inputs).toEqual(inputs));

  test.each<[unknown, string, string]>([
    [undefined, 'input', '"input" must be a text, a list of texts, a list of token ids, or a list'],
    [null, 'input', 'got null'],
    [7, 'input', 'got 7'],
    [{ text: 'a' }, 'input', 'got {"text":"a"}'],
    [true, 'input', 'got true'],
    ['', 'input', '"input" is empty: send at least one character that is not a space'],
    [' \n', 'input', '"input" is empty'],
    [[], 'input', '"input" is an empty list: send at least one text'],
    [['a', ''], 'input[1]', '"input[1]" is empty'],
    [['a', 7], 'input[1]', '"input[1]" must be a text, like the first entry; got 7'],
    [['a', null], 'input[1]', 'got null'],
    [['a', [1]], 'input[1]', 'got [1]'],
    [
      [[1], 'a'],
      'input[1]',
      '"input[1]" must be a text or a list of token ids, like the first entry; got "a"',
    ],
    [[[1], []], 'input[1]', '"input[1]" is an empty list: send at least one token id'],
    [[null], 'input[0]', 'got null'],
    [[1, 'a'], 'input', '"input" must have only token ids, which are whole numbers from 0; got "a"'],
    [[1, 2.5], 'input', 'got 2.5'],
    [[1, -1], 'input', 'got -1'],
    [[1, null], 'input', 'got null'],
    [[[1, 1e300]], 'input[0]', 'got 1e+300'],
    [['fine', 'lone \ud800'], 'input[1]', '"input[1]" is not valid Unicode: remove lone surrogates'],
    [
      Array(2049).fill('a'),
      'input',
      '"input" must have at most 2048 entries; got 2049. Send several requests',
    ],
  ])('is refused: %j', (input, param, message) => {
    const { status, code, options, message: said } = refusal({ input });
    expect([status, code, options.param]).toEqual([400, 'invalid_request', param]);
    expect(said).toContain(message);
    expect(said.length).toBeLessThan(300);
  });

  test('may have 2,048 entries, and a list of more token ids is one input', () => {
    expect(parse({ input: Array(2048).fill('a') }).inputs).toHaveLength(2048);
    expect(parse({ input: Array(5000).fill(1) }).inputs).toHaveLength(1);
  });
});

describe('other fields', () => {
  const input = 'a';

  test.each<[object, string]>([
    [{ model: undefined }, 'model'],
    [{ model: '' }, 'model'],
    [{ model: 7 }, 'model'],
    [{ encoding_format: 'int8' }, 'encoding_format'],
    [{ dimensions: 0 }, 'dimensions'],
    [{ dimensions: 2.5 }, 'dimensions'],
    [{ dimensions: '384' }, 'dimensions'],
    [{ dimensions: 8193 }, 'dimensions'],
    [{ user: 7 }, 'user'],
    [{ instruction: ['a'] }, 'instruction'],
    [{ instruction: 'x'.repeat(1001) }, 'instruction'],
    [{ instruction: '\udfff' }, 'instruction'],
    [{ truncate: 'yes' }, 'truncate'],
  ])('are refused: %j', (fields, param) => {
    const { status, options, message } = refusal({ input, ...fields });
    expect([status, options.param]).toEqual([400, param]);
    expect(message).toContain(`"${param}"`);
  });

  test.each([[null], [[]], ['text'], [7]])('are refused with the body %j', (body) => {
    expect(() => parseEmbeddings(body)).toThrow(Refusal);
  });

  test('that are unknown are ignored, and not passed on, as is "user"', () => {
    const { body } = parse({ input, user: 'someone', future: { deep: [1] } });
    expect(JSON.parse(body.toString())).toEqual({
      input,
      model: MODEL,
      encoding_format: 'float',
      truncate: false,
    });
  });

  test('are passed on, and are options of the job', () => {
    const fields = { dimensions: 256, instruction: 'Represent:', truncate: true };
    const { body, options, encoding } = parse({ input: ['a', 'b'], encoding_format: 'base64', ...fields });
    expect(JSON.parse(body.toString())).toEqual({
      input: ['a', 'b'],
      model: MODEL,
      encoding_format: 'base64',
      ...fields,
    });
    expect(options).toEqual({ format: 'jsonl', ...fields });
    expect(encoding).toBe('base64');
  });

  test('that are null have their defaults', () => {
    expect(parse({ input, dimensions: null, user: null, instruction: null }).options).toEqual({
      format: 'jsonl',
      truncate: false,
    });
  });
});

describe('the field "model"', () => {
  const input = 'a';

  test.each(['instructor-xl', 'hkunlp/Instructor-XL', 'text-embedding-3-large', 'Text-Embedding-ADA-002'])(
    'may be %s',
    (model) => expect(parse({ input, model }, 'instructor-xl').unsupported).toEqual([]),
  );

  test.each(['instructor-large', 'gpt-4o', 'x'.repeat(257)])('is refused: %s', (model) => {
    const { status, code, options } = refusal({ input, model }, 'instructor-xl');
    expect(options.param).toBe('model');
    expect([status, code]).toEqual(model.length > 256 ? [400, 'invalid_request'] : [404, 'model_not_found']);
  });

  test('is named in the refusal, with the names that are accepted', () => {
    expect(refusal({ input, model: 'gpt-4o' }, 'instructor-xl').message).toBe(
      'The model "gpt-4o" is not deployed: send "instructor-xl", or one of its other names ' +
        'text-embedding-3-small, text-embedding-3-large, text-embedding-ada-002',
    );
  });

  test('is left to the service if the deployed model is unknown, but a job cannot choose one', () => {
    expect(parse({ input, model: 'mine' }).unsupported).toEqual([
      { param: 'model', reason: 'jobs use the deployed model' },
    ]);
  });
});
