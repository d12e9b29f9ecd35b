import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Given } from './renderings';

export const FIXTURE_FOLDER = join(__dirname, '..', 'fixtures', 'formats');
export const FIXTURE_NAMES = readdirSync(FIXTURE_FOLDER);

/** The file of each format beside `given.json`. `txt` is the job API's own. */
export const FILES = {
  srt: 'answer.srt',
  vtt: 'answer.vtt',
  text: 'answer.text',
  txt: 'answer.txt',
  json: 'answer.json',
  verbose_json: 'answer.verbose.json',
  diarized_json: 'answer.diarized.json',
} as const;

export const readFixture = (name: string, file: string) =>
  readFileSync(join(FIXTURE_FOLDER, name, file), 'utf8');

export const given = (name: string) => JSON.parse(readFixture(name, 'given.json')) as Given;
