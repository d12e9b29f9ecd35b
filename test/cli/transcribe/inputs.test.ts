import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findInputs } from '../../../cli/transcribe/inputs';

const folder = mkdtempSync(join(tmpdir(), 'inputs-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('finds the recordings in a folder, but no hidden or incomplete files', async () => {
  const files = [
    'talk.mp3',
    'week 1/talk.wav',
    '._talk.mp3',
    '~$talk.mp3',
    '.Trashes/talk.mp3',
    '__MACOSX/talk.mp3',
    'talk.mp3.part',
    'Thumbs.db',
  ];
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), 'sound');
  }
  const found = await findInputs([folder], true);
  expect(found.map(({ within }) => within)).toEqual(['talk.mp3', 'week 1/talk.wav']);
});
