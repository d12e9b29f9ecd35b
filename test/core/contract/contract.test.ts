import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';
import { ActionItem, type Analysis } from '../../../core/contract/analysis';
import { contractSchema, SCHEMA_FILE } from '../../../scripts/contract-schema';
import { contractSchemas } from '../../../scripts/contract-schemas';
import { type Definitions, type Fixture, notShown, shapeOf } from '../../support/contract-fixtures';

const FIXTURES = path.join(__dirname, '..', '..', 'fixtures', 'contract');
const fixtures: Fixture[] = readdirSync(FIXTURES).map((file) => ({
  file,
  value: JSON.parse(readFileSync(path.join(FIXTURES, file), 'utf8')) as unknown,
}));
const schemas = contractSchemas(path.join(__dirname, '..', '..', '..', 'core', 'contract'));
const definitions = () => (JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as { output: Definitions }).output;

test('the schema that the Python services read is made from the contract as it stands', () => {
  expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(contractSchema());
});

// Schemas drop fields that they do not know: one that a schema forgets would be lost on the way.
test.each(fixtures)('$file arrives whole', (fixture) => {
  expect(schemas[shapeOf(fixture)]!.parse(fixture.value)).toEqual(fixture.value);
});

test('the fixtures show every shape, every kind of event and every field', () => {
  expect(notShown(definitions(), fixtures)).toEqual([]);
});

describe('the test of the fixtures', () => {
  test('sees a new shape, a new kind of event and a new field', () => {
    const more = definitions();
    more.PauseRequest = { properties: { job_id: {} } };
    more.AnalyzeEvent!.oneOf!.push({ properties: { type: { const: 'paused' } } });
    more.ActionItem!.properties!.priority = {};
    expect(notShown(more, fixtures)).toEqual([
      'ActionItem.priority',
      'AnalyzeEvent(paused)',
      'AnalyzeEvent(paused).type',
      'PauseRequest',
      'PauseRequest.job_id',
    ]);
  });

  test('sees that a schema has lost a field: the fixture that has it does not arrive whole', () => {
    const lossy = z.omit(ActionItem, { owner: true, due: true });
    const [item] = fixtures.flatMap(({ file, value }) =>
      file === 'Analysis.json' ? (value as Analysis).action_items! : [],
    );
    expect(item).toMatchObject({ owner: expect.any(String), due: expect.any(String) });
    expect(lossy.parse(item)).not.toEqual(item);
  });
});

test.each([
  ['JobMessage', { version: 99, job_id: 'job_0' }],
  ['JobMessage', { version: 1, job_id: '../other' }],
  ['TranscribeRequest', { path: 'a', url: 'http://localhost/' }],
  ['TranscribeEvent', { type: 'window', end: 1 }],
  ['TranscribeEvent', { type: 'stage', stage: 'dance', state: 'running', progress: 0 }],
  ['TranscribeEvent', { type: 'stage', stage: 'diarization', state: 'tired', progress: 0 }],
  ['TranscribeEvent', { type: 'stage', stage: 'diarization', state: 'running', progress: 1.1 }],
  ['AnalyzeRequest', { path: 'a', tasks: ['horoscope'] }],
  ['Checkpoint', { end: 1 }],
])('a %s that differs is refused', (name, value) => {
  expect(schemas[name]!.safeParse(value).success).toBe(false);
});
