import { optionsFault } from '../../../core/tasks/custom-options';

const schema = {
  type: 'object',
  properties: {
    language: { type: 'string' },
    'a/b': { type: 'object', properties: { words: { type: 'integer', minimum: 1 } } },
  },
  required: ['language'],
  additionalProperties: false,
};

test.each<[string, object, ReturnType<typeof optionsFault>]>([
  ['valid options', { language: 'en', 'a/b': { words: 1 } }, undefined],
  [
    'a wrong value',
    { language: 1 },
    { path: ['language'], reason: expect.stringMatching(/Expected "string"$/) },
  ],
  [
    'a wrong value inside',
    { language: 'en', 'a/b': { words: 0 } },
    { path: ['a/b', 'words'], reason: '0 is less than 1' },
  ],
  ['an unknown option', { language: 'en', colour: 1 }, { path: ['colour'], reason: 'The option is unknown' }],
  ['a missing option', {}, { path: [], reason: expect.stringMatching(/required property "language"$/) }],
])('the fault of %s', (_, options, fault) => {
  expect(optionsFault(schema, options)).toEqual(fault);
});

test('a schema that refers to nothing cannot be used', () => {
  expect(() => optionsFault({ $ref: '#/$defs/none' }, {})).toThrow(/Unresolved/);
});
