import { createHash, randomBytes } from 'node:crypto';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { MULTIPART_ABOVE_BYTES } from '../../../cli/transcribe/upload-parts';
import { partSizes } from '../../../lambda/api/upload-parts';
import { FakeApi, type Fault } from '../fake-api';
import { until } from '../../until';
import { Folder, runCli, startCli } from '../run-cli';

const content = randomBytes(MULTIPART_ABOVE_BYTES + 5_000_000);
const hash = createHash('sha256').update(content).digest('hex');
const PARTS = partSizes(content.length).length;
const ARGS = ['transcribe', 'long.wav', '--format', 'txt'];

let api: FakeApi;
let folder: Folder;
const sent = (part: number) => api.made('PUT', new RegExp(`[?&]part=${part}$`));
const timesSent = () => Array.from({ length: PARTS }, (_, index) => sent(index + 1));
const submissions = () => api.made('POST', /\/v1\/jobs$/);
const read = (name: string) => readFile(join(folder.path, name), 'utf8');

/** Handles the next request for a part differently. */
const onPart =
  (part: number | 'any', act: (request: IncomingMessage, response: ServerResponse) => void): Fault =>
  (request, response) => {
    const number = new URL(request.url ?? '', 'http://store').searchParams.get('part');
    if (number === null || (part !== 'any' && number !== String(part))) return false;
    act(request, response);
    return true;
  };

/** Answers when the part has arrived and `act` is done. */
const answering =
  (status: number, body = '', happened = () => true) =>
  (request: IncomingMessage, response: ServerResponse) => {
    const answer = () => (happened() ? response.writeHead(status).end(body) : setTimeout(answer, 10));
    request.resume().on('end', answer);
  };

beforeEach(async () => {
  api = await new FakeApi().start();
  folder = await Folder.with({ 'long.wav': '' });
  await writeFile(join(folder.path, 'long.wav'), content);
});
afterEach(async () => {
  await api.stop();
  await folder.remove();
});

test('uploads a large file in parts, each once, without changing it', async () => {
  const { code, err } = await runCli(ARGS, api.env, folder.path);
  expect({ code, err }).toMatchObject({ code: 0 });
  expect(err).toContain('long.wav: uploading 72.1 MB');
  expect(await read('long.txt')).toBe(`${hash}\n`);
  expect(timesSent()).toEqual(Array(PARTS).fill(1));
  expect(submissions()).toBe(1);
});

test('uploads a small file in one request', async () => {
  await folder.add('short.wav', 'good morning');
  await runCli(['transcribe', 'short.wav', '--format', 'txt'], api.env, folder.path);
  expect(await read('short.txt')).toBe('good morning\n');
  expect(api.made('PUT', /part=/)).toBe(0);
});

test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
  ['whose connection breaks', (request) => void request.once('data', () => request.destroy())],
  ['that the store cannot take now', answering(503)],
])('sends only the affected part again if it %s', async (_, act) => {
  api.faults.push(onPart(3, act));
  expect((await runCli(ARGS, api.env, folder.path)).code).toBe(0);
  expect(await read('long.txt')).toBe(`${hash}\n`);
  expect(timesSent()).toEqual(timesSent().map((_, index) => (index === 2 ? 2 : 1)));
  expect(timesSent()[2]).toBe(2);
  expect(submissions()).toBe(1);
});

test('asks for new URLs when the first have expired, and does not send uploaded parts again', async () => {
  const arrived = () => [...api.jobs.values()].some(({ parts }) => parts?.has(1));
  const lapsed = answering(403, '<Error><Code>AccessDenied</Code></Error>', arrived);
  api.faults.push(onPart(PARTS, lapsed));
  expect((await runCli(ARGS, api.env, folder.path)).code).toBe(0);
  expect(await read('long.txt')).toBe(`${hash}\n`);
  expect(submissions()).toBe(2);
  expect(sent(PARTS)).toBe(2);
  expect(sent(1)).toBe(1);
});

test('a permanently refused part stops the others, and the file fails with the reason of the store', async () => {
  api.faults.push(onPart(1, answering(400, '<Error><Code>InvalidArgument</Code></Error>')));
  const { code, err } = await runCli(ARGS, api.env, folder.path);
  expect(code).toBe(3);
  expect(err).toMatch(/✗ long\.wav .*was refused: 400 InvalidArgument/);
  expect(api.made('POST', /\/upload$/)).toBe(0);
  expect(await readdir(folder.path)).toEqual(['long.wav']);
});

test.each(['SIGINT', 'SIGKILL'] as const)(
  'after a %s the next run sends only the parts that are missing',
  async (signal) => {
    const arrived = PARTS - 4;
    let hanging = 0;
    const hang = () => void hanging++;
    for (let part = arrived + 1; part <= PARTS; part++) api.faults.push(onPart(part, hang));
    const first = startCli(ARGS, api.env, folder.path);
    const stored = () => [...api.jobs.values()][0]?.parts?.size ?? 0;
    await until(() => stored() >= arrived && hanging >= PARTS - arrived);
    first.child.kill(signal);
    await first.ended;
    expect((await runCli(ARGS, api.env, folder.path)).code).toBe(0);
    expect(await read('long.txt')).toBe(`${hash}\n`);
    expect(api.jobs.size).toBe(1);
    expect(timesSent()).toEqual([...Array<number>(arrived).fill(1), ...Array<number>(4).fill(2)]);
  },
);

test('does not create a job from a file that changes during the upload', async () => {
  api.faults.push(
    onPart('any', (request, response) => {
      const grown = appendFile(join(folder.path, 'long.wav'), 'more');
      void grown.then(() => answering(503)(request, response));
    }),
  );
  const { code, err } = await runCli(ARGS, api.env, folder.path);
  expect(code).toBe(1);
  expect(err).toContain('file_changed: long.wav changed during the upload');
  expect([...api.jobs.values()][0]?.view.status).toBe('awaiting_upload');
});
