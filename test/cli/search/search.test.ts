import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FORMAT } from '../../../core/formats/formats';
import { EmbeddingsServer } from '../../support/embeddings-server';
import { transcript } from '../../support/search-corpus';
import { callCli, Folder, runCli } from '../run-cli';

const bees = transcript(['Bees keep warm by shivering.', 'They eat honey.', 'Is it cold?', 'Yes.']);
const bread = transcript(['The loaf collapsed.', 'Dough must not rise for long.', 'Bake it hot.', 'Enjoy.']);

let server: EmbeddingsServer;
let folder: Folder;
beforeEach(async () => {
  server = await new EmbeddingsServer().start();
  folder = await Folder.with({
    'bees.json': FORMAT.json.render(bees),
    'bread.srt': FORMAT.srt.render(bread),
  });
});
afterEach(async () => {
  await server.stop();
  await folder.remove();
});
const search = (...args: string[]) => callCli(['search', ...args], server.env);
const results = async (...args: string[]) => JSON.parse((await search(...args, '--json')).out).results;

test('prints path, time, speaker and sentence with its neighbours, best first', async () => {
  const { code, out, err } = await search('how do bees keep warm', folder.path, '--limit', '2');
  expect(code).toBe(0);
  const [first, context, second] = out.split('\n');
  expect(first).toMatch(/bees\.json {2}00:00:00 {2}SPEAKER_00 {2}Bees keep warm by shivering\.$/);
  expect(context).toBe('    […] They eat honey.');
  expect(second).not.toContain('They eat honey.');
  expect(err).toBe('index: 2 added\n');
});

test('paths are relative to the current folder', async () => {
  const { out } = await runCli(
    ['search', 'how do bees keep warm', '.', '--limit', '1'],
    server.env,
    folder.path,
  );
  expect(out).toMatch(/^bees\.json {2}00/);
});

test('the JSON document has everything about an answer', async () => {
  const { out } = await search('how long must dough rise', folder.path, '--json', '--limit', '1');
  const score = expect.closeTo(0.8, 0);
  expect(JSON.parse(out)).toEqual({
    question: 'how long must dough rise',
    results: [
      {
        ...{ path: expect.stringMatching(/bread\.srt$/), start: 5, end: 9, speaker: 'SPEAKER_00', score },
        ...{
          before: 'The loaf collapsed.',
          sentence: 'Dough must not rise for long.',
          after: 'Bake it hot.',
        },
      },
    ],
    index: { files: 2, sentences: 8 },
    skipped: [],
  });
});

test('a word that the model does not know is found by the keywords', async () => {
  // All words are alike to this model.
  server.dimensions = 1;
  expect((await results('collapsed', folder.path, '--limit', '1'))[0].sentence).toBe('The loaf collapsed.');
});

test('words that FTS5 takes for operators are words', async () => {
  expect((await search('honey AND "NOT (NEAR* ^ col:', folder.path)).code).toBe(0);
  expect((await search('???', folder.path)).code).toBe(0);
});

test('--min-score leaves out what is less similar, and nothing found has a status of its own', async () => {
  const scores = (found: { score: number }[]) => found.map(({ score }) => score);
  const all = scores(await results('honey', folder.path));
  const some = scores(await results('honey', folder.path, '--min-score', '0.5'));
  expect(some).toEqual(all.filter((score) => score >= 0.5));
  expect(some.length).toBeLessThan(all.length);
  const nothing = await search('honey', folder.path, '--min-score', '1', '--json');
  expect(nothing.code).toBe(4);
  expect(JSON.parse(nothing.out).results).toEqual([]);
  expect(nothing.err).toContain('Nothing found');
});

test('a folder without transcripts is said', async () => {
  await rm(join(folder.path, 'bees.json'));
  await rm(join(folder.path, 'bread.srt'));
  const { code, err } = await search('honey', folder.path);
  expect([code, err]).toEqual([4, expect.stringContaining('There are no transcripts in')]);
});

test('--index-only takes a folder and embeds without a search', async () => {
  const { code, out, err } = await search('--index-only', folder.path);
  expect([code, out]).toEqual([0, '']);
  expect(err).toContain('2 files, 8 sentences');
  expect((await search('--index-only', 'question', folder.path)).code).toBe(2);
});

test('index and folder are accessible to the user only', async () => {
  await search('--index-only', folder.path);
  const mode = async (path: string) => ((await stat(join(folder.path, path))).mode & 0o777).toString(8);
  expect(await mode('.spotscribe')).toBe('700');
  expect(await mode('.spotscribe/search.db')).toBe('600');
  expect(await mode('.spotscribe/search.db.lock')).toBe('600');
});

test('control characters of names and texts do not reach the terminal', async () => {
  const segments = [{ start: 1, end: 2, text: 'Good \u009b31mday.', speaker: 'A\u001b[2J' }];
  await folder.add('evil\u001b]0;x\u0007.json', JSON.stringify({ segments }));
  await folder.add('bad\u001b[2J.json', '{');
  const { out, err } = await search('good day', folder.path);
  expect(out).toContain('day.');
  // eslint-disable-next-line no-control-regex
  expect(out + err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test('files that are no transcripts are named, and the others are searched', async () => {
  await folder.add('broken.json', '{"segments":');
  await folder.add('broken.srt', FORMAT.srt.render(bees));
  await folder.add('package.json', '{"name":"x"}');
  await folder.add('empty.txt', '');
  const { code, err } = await search('honey', folder.path);
  expect(code).toBe(0);
  expect(err).toMatch(/broken\.json: skipped, it is not the JSON of a transcript/);
  expect(err).toMatch(/package\.json: skipped, it is not the JSON of a transcript/);
  expect(err).toMatch(/empty\.txt: skipped, it is empty/);
  // The other format of the same recording is used.
  expect((await results('honey', folder.path)).map(({ path }: { path: string }) => path)).toContainEqual(
    expect.stringMatching(/broken\.srt$/),
  );
});

test('without a connection, both ways to embed are named', async () => {
  const { code, err } = await callCli(['search', 'honey', folder.path]);
  expect(code).toBe(2);
  expect(err).toMatch(/--url or SPOTSCRIBE_URL.*--local/);
  expect((await search('honey', folder.path, '--local', '--url', 'https://a.example')).code).toBe(2);
});

test.each([
  ['a question without words', ['', '.'], /question is empty/],
  ['a missing folder', ['q', '/nonexistent'], /does not exist/],
  ['a file', ['q', __filename], /is not a folder/],
  ['no folder', ['q'], /folder is missing/],
  ['a limit of 0', ['q', '.', '--limit', '0'], /whole number from 1/],
  ['a score that is none', ['q', '.', '--min-score', '2'], /number from -1 to 1/],
])('%s is refused', async (_, args, message) => {
  const { code, err } = await search(...args);
  expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  expect(server.requests).toEqual([]);
});

test('an instructor model is told what it embeds, and another one is not', async () => {
  await search('honey', folder.path);
  expect(server.requests.every(({ instruction }) => instruction === undefined)).toBe(true);
  server.model = 'hkunlp/instructor-xl';
  server.requests.length = 0;
  await search('honey', folder.path);
  expect(server.requests.map(({ instruction }) => instruction)).toEqual([
    'Represent the question for retrieving supporting sentences:',
    'Represent the sentence from a transcript for retrieval:',
  ]);
  expect(server.requests[1]).toMatchObject({ truncate: true, model: 'hkunlp/instructor-xl' });
});

test('a fleet that wakes is waited for, as long as it asks', async () => {
  server.faults.push(() => false);
  await search('honey', folder.path);
  server.faults.length = 0;
  server.faults.push((response) => {
    response.writeHead(503, { 'retry-after': '2' });
    response.end('{"error":{"code":"not_ready","message":"The machines are starting"}}');
    return true;
  });
  const started = performance.now();
  const { code, err } = await search('honey', folder.path);
  expect(code).toBe(0);
  expect(performance.now() - started).toBeGreaterThan(1900);
  expect(err).toContain('waiting until a machine has started');
});

test('a deployment without embeddings is said', async () => {
  server.faults.push((response) => {
    response.writeHead(404).end('{"error":{"code":"not_found","message":"No such route"}}');
    return true;
  });
  const { code, err } = await search('honey', folder.path);
  expect([code, err]).toEqual([1, expect.stringMatching(/makes no embeddings.*--local/)]);
});

test.each(['[1,2]', '{"data":[]}', '{"data":[{"embedding":"AAAA"}]}', '{"data":[{"embedding":"AADAfw=="}]}'])(
  'an answer that is no vector is refused: %s',
  async (answer) => {
    server.faults.push((response) => {
      if (server.faults.length > 1) return false;
      response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
      return true;
    });
    // The first request lists the models.
    server.faults.unshift((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[{"id":"words"}]}');
      return true;
    });
    const { code, err } = await search('honey', folder.path);
    expect([code, err]).toEqual([3, expect.stringContaining('instead of 1 vectors of one length')]);
  },
);

test('a folder in which the index cannot be written needs --index', async () => {
  await writeFile(join(folder.path, '.spotscribe'), 'a file of the user');
  const { code, err } = await search('honey', folder.path);
  expect([code, err]).toEqual([2, expect.stringMatching(/Cannot write the index .*--index/)]);
  expect(await readFile(join(folder.path, '.spotscribe'), 'utf8')).toBe('a file of the user');
  await mkdir(join(folder.path, 'own'));
  expect((await search('honey', folder.path, '--index', join(folder.path, 'own/i.db'))).code).toBe(0);
});
