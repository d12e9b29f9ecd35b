import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const WHO = [
  'The engineer',
  'My neighbour',
  'A doctor',
  'The committee',
  'Our teacher',
  'The driver',
  'Somebody',
];
const DID = [
  'repaired',
  'lost',
  'described',
  'bought',
  'forgot',
  'painted',
  'measured',
  'sold',
  'asked about',
];
const WHAT = [
  'the bridge',
  'a violin',
  'the report',
  'an old car',
  'the garden',
  'two tickets',
  'the invoice',
];
const WHEN = ['last week', 'in the morning', 'after the meeting', 'in June', 'without a reason', 'twice'];

/** Writes transcripts as text. Nearly all sentences are different. */
export async function writeTranscripts(folder: string, count: number, sentences: number): Promise<void> {
  await mkdir(folder);
  for (let number = 0; number < count; number++) {
    const lines = Array.from({ length: sentences }, (_, index) => sentence(number * sentences + index));
    await writeFile(join(folder, `talk-${number}.txt`), lines.map((line) => `${line}\n`).join(''));
  }
}

function sentence(number: number): string {
  const [who, did, what, when] = [WHO, DID, WHAT, WHEN].map(
    (parts, place) => parts[Math.floor(number / 7 ** place) % parts.length],
  );
  return `${who} ${did} ${what} ${when}, number ${number}.`;
}
