import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv';
import { contractSchema, SCHEMA_FILE } from '../../../scripts/contract-schema';

const FIXTURES = path.join(__dirname, '..', '..', 'fixtures', 'contract');
const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const schema = read(SCHEMA_FILE) as {
  definitions: Record<
    'TranscribeEvent' | 'AnalyzeEvent',
    { anyOf: { properties: { type: { const: string } } }[] }
  >;
};
// A fixture is named after its type; what follows a full stop tells variants apart.
const fixtures = readdirSync(FIXTURES).map((file) => ({ type: file.split('.')[0]!, file }));
const ajv = new Ajv({ allowUnionTypes: true }).addSchema(schema, 'contract');
const validator = (type: string) => ajv.getSchema(`contract#/definitions/${type}`)!;

test('the schema that the Python services read is made from the contract as it stands', () => {
  expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(contractSchema());
});

test.each(fixtures)('$file keeps to the contract', ({ type, file }) => {
  const validate = validator(type);
  expect({ valid: validate(read(path.join(FIXTURES, file))), errors: validate.errors }).toEqual({
    valid: true,
    errors: null,
  });
});

test('every message between worker and model service has a fixture', () => {
  const types = new Set(fixtures.map(({ type }) => type));
  expect([...types].sort()).toEqual([
    'Analysis',
    'AnalyzeEvent',
    'AnalyzeRequest',
    'Checkpoint',
    'ErrorBody',
    'JobMessage',
    'Machine',
    'TranscribeEvent',
    'TranscribeRequest',
    'Transcript',
  ]);
});

test.each(['TranscribeEvent', 'AnalyzeEvent'] as const)('every kind of %s has a fixture', (type) => {
  const kinds = schema.definitions[type].anyOf.map((event) => event.properties.type.const);
  const shown = fixtures.filter((fixture) => fixture.type === type).map(({ file }) => file.split('.')[1]);
  expect(shown.sort()).toEqual(kinds.sort());
});

test.each([
  ['JobMessage', { version: 99, job_id: 'job_0' }],
  ['TranscribeRequest', { path: 'a', url: 'http://localhost/' }],
  ['TranscribeEvent', { type: 'window', end: 1 }],
  ['AnalyzeRequest', { path: 'a', tasks: ['horoscope'] }],
  ['Checkpoint', { end: 1 }],
])('a %s that differs is refused', (type, value) => {
  expect(validator(type)(value)).toBe(false);
});
