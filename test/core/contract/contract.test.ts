import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';
import { ActionItem, type Analysis } from '../../../core/contract/work/analysis';
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

test('the JSON schema of the Python services is up to date with the contract', () => {
  expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(contractSchema());
});

// Schemas drop unknown fields: a field missing in a schema would be lost.
test.each(fixtures)('$file loses no field', (fixture) => {
  expect(schemas[shapeOf(fixture)]!.parse(fixture.value)).toEqual(fixture.value);
});

test('the fixtures cover every schema, every kind of event and every field', () => {
  expect(notShown(definitions(), fixtures)).toEqual([]);
});

describe('the check of the fixtures', () => {
  test('detects a new schema, a new kind of event and a new field', () => {
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

  test('detects that a schema has lost a field of a fixture', () => {
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
