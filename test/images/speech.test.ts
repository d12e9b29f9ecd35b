import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SynthesizeEvent } from '../../core/contract/work/speech';
import { writeContext } from '../../lib/images/image-context';
import { speech } from '../../lib/services';
import { until } from '../support/model-server';
import { layersOf, report, total } from './layers';
import { buildStage, Container, inspect, programsIn } from './podman';

jest.setTimeout(40 * 60_000);

const onLaptops = process.env.REQUIREMENTS !== 'production';
const requirements = onLaptops ? 'laptop' : 'production';
const family = speech.image.families[requirements];
const PORT = speech.port;

/** Largest image in compressed bytes: with the packages for processors, and with those for GPUs. */
const MOST_BYTES = onLaptops ? 0.9e9 : 1.6e9;

const folder = mkdtempSync(join(tmpdir(), 'spotscribe-images-'));
const shared = join(folder, 'shared');

beforeAll(async () => {
  mkdirSync(shared);
  chmodSync(folder, 0o755);
  const context = join(folder, 'context');
  writeContext({ images: ['environment', 'speech'], bundle: false }, context);
  await buildStage(family, { target: 'environment', family, requirements }, context);
  await buildStage('speech', { target: 'speech', family, requirements }, context);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('is built on a family with ffmpeg, runs as nobody’s root, and is small', async () => {
  const { User, Config } = await inspect('speech');
  expect(User).toMatch(/^10001(:10001)?$/);
  expect(Config.Entrypoint[0]).toBe('python');
  expect(Config.Healthcheck).toBeUndefined();
  const layers = await layersOf('speech');
  process.stdout.write(`${report('speech', layers)}\n`);
  const below = await layersOf(family);
  expect(layers.slice(0, below.length).map(({ digest }) => digest)).toEqual(
    below.map(({ digest }) => digest),
  );
  for (const { bytes } of layers) expect(bytes).toBeLessThan(2 ** 31);
  expect(total(layers)).toBeLessThan(MOST_BYTES);
});

test('has espeak-ng, which is under the GPL, only for laptops', async () => {
  const expected = onLaptops ? ['ffmpeg', 'espeak-ng', 'python'] : ['ffmpeg', 'python'];
  expect(await programsIn('speech', ['uv', 'ffmpeg', 'espeak-ng', 'espeak', 'python'])).toEqual(expected);
});

(onLaptops ? describe : describe.skip)('without a network, a root or a file system to write', () => {
  let container: Container;
  beforeAll(async () => {
    container = await Container.start('speech', 'none', [
      ...['--tmpfs=/scratch', '--env=TMPDIR=/scratch', `--env=PORT=${PORT}`],
      ...['--env=SPEECH_ENGINE=espeak-ng', '--env=SHARED_AUDIO=/shared-audio'],
      ...['--env=AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/0a1b2c3d'],
      ...['--volume', `${shared}:/shared-audio:ro`],
    ]);
    await until(() => container.healthy(PORT), 'the service to be healthy', 120);
  });
  afterAll(() => container?.remove());

  /** Posts a JSON body inside the container, and prints the answer, in base64. */
  const post = async (path: string, body: object) => {
    const program = `
import base64, sys, urllib.request
request = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), {"content-type": "application/json"})
print(base64.b64encode(urllib.request.urlopen(request, timeout=100).read()).decode())
`;
    const printed = await container.python(program, `http://127.0.0.1:${PORT}${path}`, JSON.stringify(body));
    return Buffer.from(printed, 'base64');
  };

  test.each([
    ['mp3', /^(\xff[\xe0-\xff]|ID3)/],
    ['opus', /^OggS/],
    ['flac', /^fLaC/],
    ['wav', /^RIFF/],
  ])('speaks as %s', async (response_format, begins) => {
    expect(await container.run('id', '-u')).toBe('10001');
    const sound = await post('/v1/audio/speech', {
      ...{ model: 'tts-1', voice: 'alloy', input: 'It is seven o’clock.', response_format },
    });
    expect(sound.toString('latin1').slice(0, 4)).toMatch(begins);
    expect(sound.length).toBeGreaterThan(2000);
  });

  test('speaks a book of two chapters, leaves nothing behind, and ends with 0', async () => {
    writeFileSync(join(shared, 'book'), '# One\n\nIt begins.\n\n# Two\n\nIt ends.\n');
    const answer = await post('/synthesize', {
      ...{ path: 'book', media_type: 'text/markdown', chapters: true },
    });
    // Empty lines keep the connection alive.
    const lines = answer
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
    const events = lines.map((line) => SynthesizeEvent.parse(JSON.parse(line)));
    const result = events.at(-1);
    if (result?.type !== 'result') throw new Error(lines.at(-1)?.slice(0, 500));
    expect(result.chapters.map(({ title }) => title)).toEqual(['One', 'Two']);
    expect(result.files.map(({ name }) => name.replace(/^.*\./, '')).sort()).toEqual(['m4b', 'mp3', 'mp3']);
    expect(await container.run('sh', '-c', 'ls -A /scratch')).toBe('');
    expect(await container.stop()).toBe(0);
  });
});
