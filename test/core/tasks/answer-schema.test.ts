import { readFileSync } from 'node:fs';
import path from 'node:path';
import { answerSchemaFault } from '../../../core/tasks/answer-schema';

interface Case {
  name: string;
  schema: unknown;
  /** The path of its fault, or null if it is accepted. */
  at: string | null;
}

const FIXTURE = path.resolve(__dirname, '../../fixtures/answer-schemas.json');
const cases = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Case[];

// The service reads the same cases: `docker/voxtral/tests/schemas/test_reading_schemas.py`.
test.each(cases)('says where the fault is: $name', ({ schema, at }) => {
  const fault = answerSchemaFault(schema);
  expect(fault === undefined ? null : fault.path.join('.')).toBe(at);
});

test('says what to do instead', () => {
  const reason = (property: object) =>
    answerSchemaFault({ type: 'object', properties: { a: property } })?.reason;
  expect(reason({ type: 'string', pattern: 'x' })).toBe(
    'It is not supported for the type string: describe the form in "description"',
  );
  expect(reason({ type: 'string', constructor: 1 })).toMatch(/leave it out, or use type, .*maxLength/);
  expect(reason({ type: 'array', items: { type: 'string' }, maxItems: 51 })).toBe(
    'Expected a whole number from 0 to 50',
  );
  expect(reason({ $ref: '#/$defs/toString' })).toMatch(/Only references/);
});

test.each([
  { type: 'object', properties: { '\ud800': { type: 'string' } } },
  { type: 'object', properties: { a: { type: 'string', default: '\ud800' } } },
])('refuses what UTF-8 cannot encode', (schema) => {
  expect(answerSchemaFault(schema)?.reason).toMatch(/Unicode/);
});

test('refuses nesting that JSON cannot write', () => {
  let schema: object = {};
  for (let level = 0; level < 100_000; level++) schema = { a: schema };
  expect(answerSchemaFault(schema)?.reason).toMatch(/can be written/);
});
