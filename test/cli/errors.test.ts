import type { ServerResponse } from 'node:http';
import { type Fault, FakeApi, KEY } from './fake-api';
import { callCli, Folder, runCli } from './run-cli';

let api: FakeApi;
let folder: Folder;
const run = (args: string[], env: Record<string, string> = {}) =>
  runCli(args, { ...api.env, ...env }, folder.path);

beforeEach(async () => {
  api = await new FakeApi().start();
  folder = await Folder.with({ 'talk.mp3': 'good morning' });
});
afterEach(async () => {
  await api.stop();
  await folder.remove();
});

const on =
  (method: string, path: RegExp, act: (response: ServerResponse) => void): Fault =>
  (request, response) => {
    if (request.method !== method || !path.test(request.url ?? '')) return false;
    act(response);
    return true;
  };

test('waits for the time given by a 503, then continues', async () => {
  api.faults.push(
    on('POST', /jobs/, (response) => response.writeHead(503, { 'retry-after': '2' }).end('{}')),
    on('GET', /job_/, (response) => response.writeHead(429, { 'retry-after': '1' }).end()),
  );
  const began = Date.now();
  const { code } = await run(['transcribe', 'talk.mp3']);
  expect(code).toBe(0);
  expect(Date.now() - began).toBeGreaterThan(4000);
  expect(api.jobs.size).toBe(1);
});

test('uploads again after a connection that was reset, to a new URL of the same job', async () => {
  api.faults.push(on('PUT', /store/, (response) => response.socket?.resetAndDestroy()));
  expect((await run(['transcribe', 'talk.mp3'])).code).toBe(0);
  const uploads = api.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path);
  expect(uploads).toHaveLength(2);
  expect(uploads[0]).not.toBe(uploads[1]);
  expect(api.jobs.size).toBe(1);
});

test('does not upload again what arrived before the connection was lost', async () => {
  api.faults.push((request, response) => {
    if (request.method !== 'PUT') return false;
    for (const job of api.jobs.values()) Object.assign(job, { audio: Buffer.from('good morning') });
    for (const { view } of api.jobs.values()) view.status = 'queued';
    response.socket?.resetAndDestroy();
    return true;
  });
  expect((await run(['transcribe', 'talk.mp3'])).code).toBe(0);
  expect(api.made('PUT', /store/)).toBe(1);
});

test('asks for a new upload URL when the first one has expired', async () => {
  api.faults.push(on('PUT', /store/, (response) => response.writeHead(403).end('<Code>AccessDenied</Code>')));
  expect((await run(['transcribe', 'talk.mp3'])).code).toBe(0);
  expect(api.made('PUT', /store/)).toBe(2);
});

test('uploads megabytes with a length and without the key', async () => {
  await folder.add('long.mp3', 'x'.repeat(5_000_000));
  expect((await run(['transcribe', 'long.mp3'])).code).toBe(0);
  const upload = api.requests.find(({ method }) => method === 'PUT');
  expect(upload?.headers).toMatchObject({ 'content-length': '5000000' });
  expect(upload?.headers['transfer-encoding']).toBeUndefined();
  expect([...api.jobs.values()][0]).toMatchObject({ audio: expect.objectContaining({ length: 5_000_000 }) });
});

test('does not retry an upload that the store refuses permanently', async () => {
  api.faults.push(
    on('PUT', /store/, (response) => response.writeHead(400).end('<Code>EntityTooLarge</Code>')),
  );
  const { code, err } = await run(['transcribe', 'talk.mp3']);
  expect(err).toMatch(/talk\.mp3 .*refused: 400 EntityTooLarge/);
  expect(code).toBe(3);
});

test.each([
  ['a wrong key', { SPOTSCRIBE_KEY: 'sk-spotscribe-wrong' }, 3, /does not accept the key \(401\)/],
  ['no service', { SPOTSCRIBE_URL: 'http://localhost:2' }, 3, /Cannot reach http:\/\/localhost:2/],
  ['another service', { SPOTSCRIBE_URL: 'URL/other' }, 3, /returned 404, but it is not a Spotscribe API/],
  ['no key', { SPOTSCRIBE_KEY: undefined }, 2, /No key for .*SPOTSCRIBE_KEY.*keys create/],
  ['a key without the prefix', { SPOTSCRIBE_KEY: 'abc' }, 2, /must begin with "sk-spotscribe-"/],
  ['no URL', { SPOTSCRIBE_URL: undefined }, 2, /No API URL is set.*SPOTSCRIBE_URL.*spotscribe local up/],
  ['an http URL', { SPOTSCRIBE_URL: 'http://example.com' }, 2, /without encryption: use https/],
  ['a text that is not a URL', { SPOTSCRIBE_URL: 'example' }, 2, /must begin with https:\/\/; got "example"/],
])('%s ends with a message, no stack trace, and nothing uploaded', async (_case, env, exitCode, message) => {
  const given = Object.entries(env).map(([name, value]) => [
    name,
    String(value ?? '').replace('URL', api.url),
  ]);
  const set = { ...api.env, ...Object.fromEntries(given) } as Record<string, string>;
  for (const [name, value] of Object.entries(set)) if (value === '') delete set[name];
  const { code, err, out } = await runCli(['transcribe', 'talk.mp3', '--json'], set, folder.path);
  expect(err).toMatch(message);
  expect(err).not.toMatch(/^\s+at /m);
  expect(code).toBe(exitCode);
  expect(JSON.parse(out)).toEqual({
    error: { code: expect.any(String), message: expect.stringMatching(message) },
  });
  expect(api.made('POST', /jobs/)).toBe(0);
});

test('a key that is revoked during the run stops the whole run', async () => {
  await folder.add('other.mp3', 'other');
  api.held = true;
  api.faults.push(on('GET', /job_/, (response) => response.writeHead(403).end('{"message":"Forbidden"}')));
  const { code, err } = await run(['transcribe', 'talk.mp3', 'other.mp3']);
  expect(code).toBe(3);
  expect(err).toMatch(/does not accept the key \(403\).*\n?.*2 of 2 not finished/);
});

test('the key of the local AWS is used only for the URL of the local AWS', async () => {
  const local = { url: api.url, key: KEY };
  expect((await callCli(['jobs', '--json'], {}, local)).code).toBe(0);
  expect((await callCli(['jobs', '--json'], { SPOTSCRIBE_URL: api.url }, local)).code).toBe(0);
  const other = await callCli(['jobs'], { SPOTSCRIBE_URL: 'https://other.example' }, local);
  expect(other).toMatchObject({ code: 2, err: expect.stringContaining('No key for https://other.example') });
});

test('options come before the environment', async () => {
  const args = ['jobs', '--json', '--url', api.url, '--key', KEY];
  expect((await callCli(args, { SPOTSCRIBE_URL: 'nothing', SPOTSCRIBE_KEY: 'nothing' })).code).toBe(0);
});

test.each([
  [['transcribe'], /missing required argument 'file'/],
  [['transcribe', 'gone.mp3'], /The file gone\.mp3 does not exist/],
  [['transcribe', '.'], / is a folder: add --recursive/],
  [['transcribe', 'talk.mp3', '--format', 'doc'], /"doc" is not one of json, txt, srt, vtt/],
  [['transcribe', 'talk.mp3', '--timeout', '5 days'], /must be a time such as 90s, 30m or 2h/],
  [['transcribe', 'talk.mp3', '--concurrency', '0'], /whole number from 1 to 64/],
  [['transcribe', 'talk.mp3', '--language', 'Klingonese'], /must be a language that Whisper supports/],
  [['transcribe', 'talk.mp3', '--out', 'talk.mp3/sub'], /Cannot write results to .*--out/],
  [['transcribble'], /unknown command 'transcribble'\n\(Did you mean transcribe\?\)/],
  [['jobs', 'shwo'], /unknown command 'shwo'/],
  [['jobs', 'show'], /missing required argument 'id'/],
  [['jobs', '--limit', 'many'], /whole number from 1 to 10000/],
  [['keys', 'list', '--local'], /local AWS is not running.*spotscribe local up/],
  [[], /Usage: spotscribe/],
])('%j is refused with status 2', async (given, message) => {
  const args = given.map((arg) => arg.replace(/^(?=talk|\.$)/, `${folder.path}/`));
  const { code, err, out } = await callCli(args, { ...api.env });
  expect(err).toMatch(message);
  expect(err).not.toMatch(/^\s+at /m);
  expect({ code, out }).toEqual({ code: 2, out: '' });
});

test('the help lists commands and exit statuses; the version is that of the package', async () => {
  const { code, out } = await run(['--help']);
  expect(code).toBe(0);
  for (const command of ['transcribe', 'jobs', 'keys', 'local', 'demo'])
    expect(out).toContain(`\n  ${command} `);
  expect(out).toMatch(/Exit status:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n {2}3 .*\n(.*\n)* {2}130 /);
  expect((await run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});
