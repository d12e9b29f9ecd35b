import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalEmbedder } from '../../cli/search/embedding/local-embedder';
import { indexPath } from '../../cli/search/index/place';
import { withIndex } from '../../cli/search/index/with-index';
import { type Answer, answers } from '../../cli/search/ranking/answers';
import { callCli } from '../cli/run-cli';
import { type KnownAnswer, searchCorpus, writeFiles } from '../support/search-corpus';

// With the real weights of all-MiniLM-L6-v2, in the service that a deployment has.

const signal = new AbortController().signal;
const say = () => undefined;
const environment = process.env as Record<string, string>;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spotscribe-search-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Services that this process started and that still run. */
const services = () =>
  execFileSync('ps', ['-e', '-o', 'ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.trim().startsWith(`${process.pid} `) && line.includes('spotscribe_embeddings'));

/** Whether a result shows the answer: as its sentence, or beside it. */
const shows = ({ path, sentence, before, after }: Answer, { path: file, answer }: KnownAnswer) =>
  path === file && [sentence, before, after].includes(answer);

/** For each question, how many results come before the answer; -1 if it is not among the first ten. */
async function ranksOf(known: KnownAnswer[]): Promise<number[]> {
  const embedder = await LocalEmbedder.start({ signal, say });
  try {
    const vectors = await embedder.embed(
      known.map(({ question }) => question),
      'question',
    );
    const place = { path: indexPath(folder), isChosen: false, rebuild: false, signal, say };
    return await withIndex(place, async (index) =>
      known.map((each, number) =>
        answers(index, { question: each.question, vector: vectors[number]!, limit: 10 }).findIndex((answer) =>
          shows(answer, each),
        ),
      ),
    );
  } finally {
    await embedder.close();
  }
}

// Measured: 0.70, 0.80, 0.85 with decoys, and 0.75, 0.80, 0.85 without.
test.each([
  { decoys: true, least: [0.55, 0.7, 0.75] },
  { decoys: false, least: [0.6, 0.7, 0.75] },
])('finds answers to questions in other words, with decoys: $decoys', async ({ decoys, least }) => {
  const { files, known } = searchCorpus({ decoys });
  await writeFiles(folder, files);
  const indexed = await callCli(['search', '--local', '--index-only', folder], environment);
  expect([indexed.code, indexed.err]).toEqual([0, expect.stringContaining('200 files, 8000 sentences')]);
  const ranks = await ranksOf(known);
  const recall = (most: number) => ranks.filter((rank) => rank >= 0 && rank < most).length / ranks.length;
  const measured = [recall(1), recall(3), recall(10)];
  console.log(`decoys: ${decoys}, recall@1, @3 and @10: ${measured.join(', ')}`);
  measured.forEach((value, index) => expect(value).toBeGreaterThanOrEqual(least[index]!));
});

test('answers on the command line, and stops the service that it started', async () => {
  const { files, known } = searchCorpus({ transcripts: 20 });
  await writeFiles(folder, files);
  const { question, answer, path } = known.find(({ kind }) => kind === 'keyword')!;
  const searching = callCli(['search', '--local', question, folder, '--json', '--limit', '1'], environment);
  const { code, out } = await searching;
  expect(code).toBe(0);
  const [first] = JSON.parse(out).results;
  expect(first).toMatchObject({ sentence: answer, speaker: expect.stringMatching(/^SPEAKER_0[01]$/) });
  expect(first.path.endsWith(path)).toBe(true);
  expect(first.end).toBeGreaterThan(first.start);
  expect(services()).toEqual([]);
});

test('an interrupted start leaves no service', async () => {
  const stop = new AbortController();
  const starting = LocalEmbedder.start({ signal: stop.signal, say });
  setTimeout(() => stop.abort(new Error('stopped by the test')), 500);
  await expect(starting).rejects.toThrow('stopped by the test');
  expect(services()).toEqual([]);
});

test('a service that runs is found by the check of this file', async () => {
  const embedder = await LocalEmbedder.start({ signal, say });
  expect(services()).toHaveLength(1);
  await embedder.close();
  expect(services()).toEqual([]);
});
