import { mkdir, open, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'libsql';
import { FORMAT } from '../../../core/formats/formats';
import { EmbeddingsServer } from '../../support/embeddings-server';
import { searchCorpus, transcript, writeFiles } from '../../support/search-corpus';
import { callCli, Folder, runCli, startCli } from '../run-cli';

const TEXTS = ['Bees keep warm by shivering.', 'They eat honey.', 'Is it cold?'];
const json = (texts: string[]) => FORMAT.json.render(transcript(texts));

let server: EmbeddingsServer;
let folder: Folder;
beforeEach(async () => {
  server = await new EmbeddingsServer().start();
  folder = await Folder.with({ 'bees.json': json(TEXTS), 'bread.json': json(['The loaf collapsed.']) });
});
afterEach(async () => {
  await server.stop();
  await folder.remove();
});
const at = (name: string) => join(folder.path, name);
const index = () => at('.spotscribe/search.db');

/** Searches, and returns what was embedded for it, what was reported, and the paths of the results. */
async function search(...args: string[]) {
  server.requests.length = 0;
  const { code, out, err } = await callCli(['search', 'honey', folder.path, '--json', ...args], server.env);
  const results: { path: string; sentence: string }[] = code === 0 ? JSON.parse(out).results : [];
  const names = [...new Set(results.map(({ path }) => path.split('/').at(-1)))].sort();
  return { code, err, names, results, passages: server.passages.sort() };
}

test('only new and changed sentences are embedded', async () => {
  expect((await search()).passages).toEqual([...TEXTS, 'The loaf collapsed.'].sort());
  expect(await search()).toMatchObject({ passages: [], err: '' });
  await folder.add('bees.json', json([...TEXTS, 'Not at all.']), 10);
  await folder.add('more.json', json(['They eat honey.', 'New.']));
  const { passages, err, names } = await search();
  expect(passages).toEqual(['New.', 'Not at all.']);
  expect(err).toBe('index: 1 added, 1 changed\n');
  expect(names).toEqual(['bees.json', 'bread.json', 'more.json']);
});

test('a change that keeps size and time is found if it is recent', async () => {
  const path = await folder.add('bees.json', json(['It is cold.']), 0);
  const { mtime } = await stat(path);
  await search();
  await writeFile(path, json(['It is warm.']));
  await utimes(path, mtime, mtime);
  expect((await search()).passages).toEqual(['It is warm.']);
});

test('a file that was only touched is not embedded again', async () => {
  await search();
  await utimes(at('bees.json'), new Date(), new Date());
  expect(await search()).toMatchObject({ passages: [], err: '' });
});

test('a renamed file is found under its new name, without embedding it', async () => {
  await search();
  await mkdir(at('old'));
  await rename(at('bees.json'), at('old/wasps.json'));
  const { passages, err, names } = await search();
  expect(passages).toEqual([]);
  expect(err).toBe('index: 1 renamed\n');
  expect(names).toEqual(['bread.json', 'wasps.json']);
});

test('a deleted file is not found, and its text is not in the database any more', async () => {
  await search();
  expect((await readFile(index())).includes('shivering')).toBe(true);
  await rm(at('bees.json'));
  const { err, names } = await search();
  expect(err).toBe('index: 1 removed\n');
  expect(names).toEqual(['bread.json']);
  expect((await readFile(index())).includes('shiver')).toBe(false);
});

test('a file that is broken now is named and not found', async () => {
  await search();
  await folder.add('bees.json', '{"segments":', 5);
  const { err, names } = await search();
  expect(err).toMatch(/bees\.json: skipped, .*\nindex: 1 removed\n/);
  expect(names).toEqual(['bread.json']);
});

test('a better format of the same recording replaces the other one', async () => {
  await folder.add('talk.txt', 'They eat honey.');
  expect((await search()).names).toEqual(['bees.json', 'bread.json', 'talk.txt']);
  await folder.add('talk.json', json(['They eat honey.']));
  const { passages, names } = await search();
  expect([passages, names]).toEqual([[], ['bees.json', 'bread.json', 'talk.json']]);
});

test('sentences of one file that are close to each other are one result', async () => {
  await folder.add(
    'bees.json',
    json(['Honey one.', 'Honey two.', 'Honey three.', 'No.', 'Wax.', 'Honey four.']),
    9,
  );
  const { results } = await search();
  expect(results.filter(({ sentence }) => /^Honey/.test(sentence))).toHaveLength(2);
});

test('another model embeds everything again, and says so', async () => {
  await search();
  server.model = 'other';
  const { passages, err } = await search();
  expect(passages).toHaveLength(4);
  expect(err).toMatch(/made with the model words \(64 dimensions\), and this one is other \(64 dimensions\)/);
  server.dimensions = 32;
  expect((await search()).passages).toHaveLength(4);
  expect((await search()).passages).toHaveLength(0);
});

test('a model that changes during a run is an error', async () => {
  server.faults.push((response) => {
    response.writeHead(200).end('{"data":[{"id":"earlier"}]}');
    return true;
  });
  expect(await search()).toMatchObject({
    code: 3,
    err: expect.stringMatching(/earlier and answered with words/),
  });
});

test('--rebuild makes the index again', async () => {
  await search();
  expect((await search('--rebuild')).passages).toHaveLength(4);
});

test('an interrupted run continues with what is stored', async () => {
  await writeFiles(folder.path, searchCorpus({ transcripts: 40 }).files);
  let left = 10;
  // The first requests list the models and embed the question.
  server.faults.push((response) => {
    if ((left -= 1) >= 0) return false;
    running.child.kill('SIGINT');
    response.destroy();
    return true;
  });
  const running = startCli(['search', '--index-only', folder.path], server.env);
  expect((await running.ended).code).toBe(130);
  const before = server.passages;
  server.faults.length = 0;
  const { passages } = await search();
  const again = passages.filter((text) => before.includes(text));
  expect(before.length).toBeGreaterThan(4 * 64);
  expect(passages.length).toBeGreaterThan(0);
  // Four requests run at once. Their answers are lost, and the others are stored.
  expect(again.length).toBeLessThanOrEqual(4 * 64);
});

test('two runs at once embed each sentence once', async () => {
  const runs = await Promise.all([1, 2].map(() => runCli(['search', 'honey', folder.path], server.env)));
  expect(runs.map(({ code }) => code)).toEqual([0, 0]);
  const embedded = server.requests.filter(({ input }) => input.length > 1).flatMap(({ input }) => input);
  expect(embedded.sort()).toEqual([...TEXTS, 'The loaf collapsed.'].sort());
}, 60_000);

test('a second run waits for the first and says so', async () => {
  await search();
  const lock = new Database(`${index()}.lock`);
  lock.exec('BEGIN EXCLUSIVE');
  const waiting = startCli(['search', 'honey', folder.path], server.env);
  await waiting.says(/Another run uses the index/);
  lock.close();
  expect((await waiting.ended).code).toBe(0);
});

test('a database that is damaged inside is built again', async () => {
  await search();
  const file = await open(index(), 'r+');
  const { size } = await file.stat();
  await file.write(Buffer.alloc(size - 4096, 0xff), 0, size - 4096, 4096);
  await file.close();
  const { code, err, passages, names } = await search();
  expect(code).toBe(0);
  expect(err).toMatch(/The index .* is damaged: building a new one\n/);
  expect(passages).toHaveLength(4);
  expect(names).toEqual(['bees.json', 'bread.json']);
});

test('a file that cannot be recognised is renamed, not deleted', async () => {
  await search();
  await writeFile(index(), 'something else');
  expect((await search()).err).toMatch(
    /is damaged: building a new one\. It was renamed to .*search\.db\.damaged-1/,
  );
  expect(await readFile(`${index()}.damaged-1`, 'utf8')).toBe('something else');
  await writeFile(index(), 'and again');
  await search();
  expect(await readFile(`${index()}.damaged-2`, 'utf8')).toBe('and again');
});

test('a database of another version is built again', async () => {
  await search();
  const database = new Database(index());
  database.exec('PRAGMA user_version = 99; DROP TABLE documents');
  database.close();
  const { err, passages } = await search();
  expect(err).toContain('is of another version of Spotscribe: building a new one');
  expect(passages).toHaveLength(4);
});

test('files of the user are never used for the index', async () => {
  const notes = await folder.add('notes.md', 'my notes');
  const foreign = at('own.db');
  const database = new Database(foreign);
  database.exec('CREATE TABLE mine (x); INSERT INTO mine VALUES (1)');
  database.close();
  const before = await readFile(foreign);
  await symlink(foreign, at('link.db'));
  for (const file of [notes, foreign, at('link.db'), folder.path]) {
    const { code, err } = await search('--index', file);
    expect([code, err]).toEqual([2, expect.stringMatching(/not an index of Spotscribe.*--index/)]);
  }
  expect(await readFile(notes, 'utf8')).toBe('my notes');
  expect((await readFile(foreign)).equals(before)).toBe(true);
});

test('an index at another place belongs to one folder', async () => {
  const file = at('shared.db');
  await search('--index', file);
  const other = await Folder.with({ 'a.txt': 'They eat honey.' });
  try {
    const args = ['search', 'honey', other.path, '--index', file];
    const refused = await callCli(args, server.env);
    expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(/is the index of .*--rebuild/)]);
    expect((await search('--index', file)).passages).toEqual([]);
    expect((await callCli([...args, '--rebuild'], server.env)).code).toBe(0);
  } finally {
    await other.remove();
  }
});

test('a link in the place of the folder is not followed', async () => {
  await mkdir(at('elsewhere'));
  await symlink(at('elsewhere'), at('.spotscribe'));
  expect(await search()).toMatchObject({
    code: 2,
    err: expect.stringContaining('.spotscribe is not a folder'),
  });
});
