import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkpoint, errorBody, transcribeEvent } from '../../../docker/worker/src/services/event-schemas';

const FIXTURES = join(__dirname, '..', '..', 'fixtures', 'contract');
const read = (file: string): unknown => JSON.parse(readFileSync(join(FIXTURES, file), 'utf8'));
const of = (type: string) => readdirSync(FIXTURES).filter((file) => file.startsWith(`${type}.`));

// The schemas drop fields that they do not know: a field of the contract that they forget would be lost on the way.
test.each(of('TranscribeEvent'))('%s arrives whole', (file) => {
  expect(transcribeEvent.parse(read(file))).toEqual(read(file));
});

test.each(of('Transcript'))('%s arrives whole as a result', (file) => {
  const result = { type: 'result', transcript: read(file) };
  expect(transcribeEvent.parse(result)).toEqual(result);
});

test('a checkpoint and an error arrive whole', () => {
  expect(checkpoint.parse(read('Checkpoint.json'))).toEqual(read('Checkpoint.json'));
  expect(errorBody.parse(read('ErrorBody.json'))).toEqual(read('ErrorBody.json'));
});

test.each([
  ['a stage that there is not', { type: 'stage', stage: 'dance', state: 'running', progress: 0 }],
  ['a state that there is not', { type: 'stage', stage: 'diarization', state: 'tired', progress: 0 }],
  ['more than everything', { type: 'stage', stage: 'diarization', state: 'running', progress: 1.1 }],
])('%s is refused', (_, event) => {
  expect(transcribeEvent.safeParse(event).success).toBe(false);
});
