import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Embedder } from '../../cli/search/embedding/embedder';
import { LocalEmbedder } from '../../cli/search/embedding/local-embedder';
import { embedAll } from '../../cli/search/index/embed-all';
import { refresh } from '../../cli/search/index/refresh';
import type { SearchIndex } from '../../cli/search/index/search-index';
import { withIndex } from '../../cli/search/index/with-index';
import { answers } from '../../cli/search/ranking/answers';
import type { BenchContext, Benchmark } from '../benchmark';
import { type Figure, median } from '../figure';
import { writeTranscripts } from './transcripts';

const TRANSCRIPTS = 200;
const SENTENCES = 40;
const ROUNDS = 9;
/** A search by meaning may take this many times as long as reading all files for a word. */
const MOST_OF_SCAN = 3;
/** After the change of one file of 200, the index is fresh in at most this share of the time of a new one, in percent. */
const MOST_OF_FULL = 5;
const MANY_VECTORS = 100_000;
const MOST_MS_OF_MANY = 1000;

/** `spotscribe search` over 200 transcripts with the local model, and the search in many vectors. */
export const search: Benchmark = {
  name: 'search',
  run: async (context) => {
    const { folder, signal, say } = context;
    const transcripts = join(folder, 'transcripts');
    await writeTranscripts(transcripts, TRANSCRIPTS, SENTENCES);
    const embedder = await LocalEmbedder.start({ signal, say });
    try {
      const place = { isChosen: true, rebuild: false, signal, say };
      return [
        ...(await withIndex({ ...place, path: join(folder, 'search.db') }, (index) =>
          overTranscripts(transcripts, index, embedder, context),
        )),
        ...(await withIndex({ ...place, path: join(folder, 'many.db') }, async (index) => overMany(index))),
      ];
    } finally {
      await embedder.close();
    }
  },
};

async function overTranscripts(
  folder: string,
  index: SearchIndex,
  embedder: Embedder,
  { signal, say }: BenchContext,
): Promise<Figure[]> {
  index.begin({ name: embedder.model, dimensions: 384 });
  const all = embedAll(index, embedder, () => undefined);
  const fresh = () => refresh({ folder, index, embedAll: all, signal, progress: () => undefined });
  const full = await milliseconds(fresh);
  say(`indexed ${TRANSCRIPTS} transcripts in ${(full / 1000).toFixed(1)} s`);
  const changes: number[] = [];
  const scans: number[] = [];
  const queries: number[] = [];
  const rankings: number[] = [];
  const [first = ''] = await readdir(folder);
  for (let round = 0; round < ROUNDS; round++) {
    await appendFile(join(folder, first), `This is sentence number ${round} of the benchmark.\n`);
    changes.push(await milliseconds(fresh));
    scans.push(await milliseconds(() => scan(folder, `number ${round}`)));
    const question = `How does the benchmark number ${round} end?`;
    const query = async () => {
      await fresh();
      const [vector = new Float32Array()] = await embedder.embed([question], 'question');
      rankings.push(await milliseconds(async () => answers(index, { question, vector, limit: 10 })));
    };
    queries.push(await milliseconds(query));
  }
  const query = median(queries);
  const scanned = median(scans);
  return [
    {
      name: 'search: a query, beside reading all files',
      value: query / scanned,
      unit: '×',
      target: MOST_OF_SCAN,
    },
    { name: `search: … a query over ${TRANSCRIPTS} transcripts`, value: query, unit: 'ms' },
    { name: 'search: … of it the ranking', value: median(rankings), unit: 'ms' },
    { name: 'search: … reading all files', value: scanned, unit: 'ms' },
    {
      name: 'search: one changed file, in the time of a new index',
      value: (median(changes) / full) * 100,
      unit: '%',
      target: MOST_OF_FULL,
    },
    { name: 'search: … one changed file', value: median(changes), unit: 'ms' },
    { name: 'search: … a new index', value: full, unit: 'ms' },
  ];
}

/** Reads every file for a text, as grep does. */
async function scan(folder: string, text: string): Promise<void> {
  let found = 0;
  for (const name of await readdir(folder)) {
    if ((await readFile(join(folder, name), 'utf8')).includes(text)) found += 1;
  }
  if (found === 0) throw new Error('The scan found nothing: the files are not as expected');
}

/** The exact search in vectors of random directions, which no index could make faster. */
async function overMany(index: SearchIndex): Promise<Figure[]> {
  const random = () => Float32Array.from({ length: 384 }, () => Math.random() - 0.5);
  const hashOf = (number: number) => {
    const hash = Buffer.alloc(16);
    hash.writeUInt32LE(number);
    return hash;
  };
  const numbers = Array.from({ length: MANY_VECTORS }, (_, number) => number);
  index.storeVectors(numbers.map((number) => ({ hash: hashOf(number), vector: random() })));
  const file = { size: 0, modified: '0', indexedMs: 0, sha256: '' };
  index.storeFile(
    'many.txt',
    file,
    numbers.map((number) => ({ text: `sentence ${number}`, hash: hashOf(number) })),
  );
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const vector = random();
    times.push(
      await milliseconds(async () => answers(index, { question: `sentence ${round}`, vector, limit: 10 })),
    );
  }
  return [
    {
      name: `search: ranking ${MANY_VECTORS.toLocaleString('en')} sentences`,
      value: median(times),
      unit: 'ms',
      target: MOST_MS_OF_MANY,
    },
  ];
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
