import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { randomGiven } from '../../support/random-transcripts';
import { type Format, FORMATS, type Given, renderings } from '../../support/renderings';

const DOCKER = join(__dirname, '..', '..', '..', 'docker');
const PYTHON = join(DOCKER, '.venv', 'bin', 'python');
const COUNT = 1000;
/** Of the first transcript. Another one is tried with `SPOTSCRIBE_SEED=12345 npx jest …`. */
const SEED = Number(process.env['SPOTSCRIBE_SEED'] ?? 20_260_301);

test('1,000 random transcripts look the same from both languages', () => {
  const asked = Array.from({ length: COUNT }, (_, number) => randomGiven(SEED + number)).flat();
  const answers = fromPython(asked);
  expect(answers).toHaveLength(asked.length);
  asked.forEach((given, index) => {
    const found = difference(given, index, answers[index]!);
    // Thrown as it is: the matchers would quote every line of it.
    if (found !== undefined) throw new Error(found);
  });
});

/** What the whisper service's code writes. */
function fromPython(asked: readonly Given[]): Record<Format, string>[] {
  if (!existsSync(PYTHON)) throw new Error(`${PYTHON} is missing: run "bash scripts/setup.sh --python" once`);
  const ran = spawnSync(PYTHON, ['-m', 'spotscribe_testing.renderings'], {
    input: asked.map((given) => `${JSON.stringify(given)}\n`).join(''),
    encoding: 'utf8',
    env: {
      ...process.env,
      PYTHONPATH: ['common', 'audio', 'whisper', 'testing'].map((at) => join(DOCKER, at)).join(':'),
    },
    maxBuffer: 1 << 30,
  });
  if (ran.status !== 0)
    throw new Error(`Python failed after ${ran.stdout.split('\n').length - 1} lines: ${ran.stderr}`);
  return ran.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<Format, string>);
}

/** The first format that differs, with what is needed to see it again. */
function difference(given: Given, index: number, theirs: Record<Format, string>): string | undefined {
  const ours = renderings(given);
  const format = FORMATS.find((kind) => !isDeepStrictEqual(read(kind, ours[kind]), read(kind, theirs[kind])));
  if (format === undefined) return undefined;
  const number = Math.floor(index / 2);
  return [
    `Transcript ${number} differs as ${format}: SPOTSCRIBE_SEED=${SEED + number} makes it the first one.`,
    `Layout: ${JSON.stringify(given.layout)}`,
    ...firstDifference(lines(format, ours[format]), lines(format, theirs[format])),
  ].join('\n');
}

/** JSON may be written in several ways, and a text may be sent in pieces. */
function read(format: Format, text: string): unknown {
  if (format === 'stream') return streamed(text);
  return format.endsWith('json') ? JSON.parse(text) : text;
}

interface Event {
  type: string;
  delta?: string;
}

function streamed(text: string): { text: string; events: Event[] } {
  const all = text
    .split('\n\n')
    .flatMap((block) => (block === '' ? [] : [JSON.parse(block.replace('data: ', '')) as Event]));
  return {
    text: all.map(({ delta = '' }) => delta).join(''),
    events: all.filter(({ type }) => type !== 'transcript.text.delta'),
  };
}

function lines(format: Format, text: string): string[] {
  const value = read(format, text);
  return (typeof value === 'string' ? value : JSON.stringify(sorted(value), undefined, 1)).split('\n');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}

function firstDifference(ours: string[], theirs: string[]): string[] {
  const at = ours.findIndex((line, index) => line !== theirs[index]);
  const line = at < 0 ? ours.length : at;
  const around = (text: string[]) =>
    text.slice(Math.max(line - 6, 0), line + 3).map((row) => JSON.stringify(row));
  return [`From line ${line + 1} on, TypeScript:`, ...around(ours), 'Python:', ...around(theirs)];
}
