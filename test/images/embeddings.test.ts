import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeContext } from '../../lib/images/image-context';
import { embeddings } from '../../lib/services';
import { until } from '../support/model-server';
import { layersOf, report, total } from './layers';
import { buildStage, Container, inspect, programsIn } from './podman';

jest.setTimeout(40 * 60_000);

const onLaptops = process.env.REQUIREMENTS !== 'production';
const requirements = onLaptops ? 'laptop' : 'production';
const family = embeddings.image.families[requirements];
const PORT = embeddings.port;

const folder = mkdtempSync(join(tmpdir(), 'spotscribe-images-'));
const shared = join(folder, 'shared');

beforeAll(async () => {
  mkdirSync(shared);
  chmodSync(folder, 0o755);
  const context = join(folder, 'context');
  writeContext({ images: ['environment', 'embeddings'], bundle: false }, context);
  await buildStage(family, { target: 'environment', family, requirements }, context);
  await buildStage('embeddings', { target: 'embeddings', family, requirements }, context);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('is built on a family without ffmpeg, and runs as nobody’s root', async () => {
  expect(await programsIn(family, ['uv', 'ffmpeg', 'ffprobe', 'python'])).toEqual(['python']);
  const { User, Config } = await inspect('embeddings');
  expect(User).toMatch(/^10001(:10001)?$/);
  expect(Config.Entrypoint[0]).toBe('python');
  expect(Config.Healthcheck).toBeUndefined();
  expect(await programsIn('embeddings', ['uv', 'ffmpeg', 'python'])).toEqual(['python']);
  const layers = await layersOf('embeddings');
  process.stdout.write(`${report('embeddings', layers)}\n`);
  const below = await layersOf(family);
  expect(layers.slice(0, below.length).map(({ digest }) => digest)).toEqual(
    below.map(({ digest }) => digest),
  );
  expect(total(layers)).toBeLessThan(4.5e9);
});

(onLaptops ? describe : describe.skip)('without a network, a root or a file system to write', () => {
  let container: Container;
  beforeAll(async () => {
    container = await Container.start('embeddings', 'none', [
      ...['--tmpfs=/scratch', '--env=TMPDIR=/scratch', `--env=PORT=${PORT}`],
      ...['--env=EMBEDDING_ENGINE=minilm', '--env=SHARED_AUDIO=/shared-audio'],
      ...['--env=AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/0a1b2c3d'],
      ...['--volume', `${shared}:/shared-audio:ro`],
    ]);
    await until(() => container.healthy(PORT), 'the service to be healthy', 120);
  });
  afterAll(() => container?.remove());

  /** Posts a JSON body inside the container, and prints the answer. */
  const post = (path: string, body: object) =>
    container.python(
      `
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), {"content-type": "application/json"})
print(urllib.request.urlopen(request, timeout=100).read().decode())
`,
      `http://127.0.0.1:${PORT}${path}`,
      JSON.stringify(body),
    );

  test('gives real vectors', async () => {
    expect(await container.run('id', '-u')).toBe('10001');
    await expect(container.run('touch', '/opt/spotscribe/x')).rejects.toThrow('Read-only file system');
    const input = ['A cat on a mat', 'A kitten on a rug', 'Net income rose'];
    const { data } = JSON.parse(await post('/v1/embeddings', { model: 'all-MiniLM-L6-v2', input })) as {
      data: { embedding: number[] }[];
    };
    const [cat, kitten, income] = data.map(({ embedding }) => embedding);
    const similarity = (one: number[], other: number[]) =>
      one.reduce((sum, value, index) => sum + value * other[index]!, 0);
    expect(similarity(cat!, kitten!)).toBeGreaterThan(similarity(cat!, income!) + 0.3);
  });

  test('reads a corpus in a program of its own, and ends with 0', async () => {
    writeFileSync(join(shared, 'corpus.jsonl'), '{"text": "one"}\nbroken\n"two"\n');
    const events = (await post('/embed', { path: 'corpus.jsonl' })).split('\n').filter((line) => line !== '');
    expect(JSON.parse(events.at(-1)!)).toMatchObject({
      type: 'result',
      dimensions: 384,
      totals: { rows: 3, failed_rows: 1, failures: [{ row: 2 }] },
    });
    expect(await container.run('sh', '-c', 'ls -A /scratch')).toBe('');
    expect(await container.stop()).toBe(0);
  });
});
