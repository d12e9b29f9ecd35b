import { join } from 'node:path';
import type { UsageResponse } from '../../../core/contract/usage';
import { FakeApi } from '../fake-api';
import { callCli, Folder } from '../run-cli';

const usage: UsageResponse = {
  object: 'usage',
  day: '2026-03-01',
  limit_seconds: 600,
  used_seconds: 90.5,
  remaining_seconds: 509.5,
  units: {
    audio_second: { limit: 600, used: 90.5, remaining: 509.5 },
    token: { limit: null, used: 1200, remaining: null },
  },
  resets_at: '2026-03-02T00:00:00.000Z',
};

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.stop());

/** Sets the answer to the next request for a path. */
function answers(path: string, status: number, body: object, headers: Record<string, string> = {}) {
  api.faults.push((request, response) => {
    if (request.url !== path) return false;
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    return true;
  });
}

test('shows what the key has used of its quota, and what is left', async () => {
  answers('/stage/v1/usage', 200, usage);
  const { code, out } = await callCli(['usage'], api.env);
  expect(code).toBe(0);
  expect(out.replace(/ {2,}/g, ' ')).toBe(
    'day 2026-03-01\nused 1:31\nquota 10:00\nleft 8:30\ntokens 1200 used, no quota\nresets at 2026-03-02T00:00:00.000Z\n',
  );
});

test('shows that there is no quota', async () => {
  answers('/stage/v1/usage', 200, { ...usage, limit_seconds: null, remaining_seconds: null });
  const { out } = await callCli(['usage'], api.env);
  expect(out.replace(/ {2,}/g, ' ')).toContain(
    'used 1:31\nquota none\ntokens 1200 used, no quota\nresets at',
  );
});

test('prints one JSON document', async () => {
  answers('/stage/v1/usage', 200, usage);
  expect(JSON.parse((await callCli(['usage', '--json'], api.env)).out)).toEqual(usage);
});

test('a used-up quota ends a transcription at once with the message of the API', async () => {
  const folder = await Folder.with({ 'talk.mp3': 'good morning' });
  const error = {
    message: 'This key’s quota is used up',
    type: 'rate_limit_error',
    param: null,
    code: 'quota_exceeded',
  };
  answers('/stage/v1/jobs', 429, { error }, { 'retry-after': '43200' });
  const { code, err } = await callCli(['transcribe', join(folder.path, 'talk.mp3')], api.env);
  expect(code).toBe(1);
  expect(err).toContain('This key’s quota is used up');
  expect(api.made('POST', /\/v1\/jobs$/)).toBe(1);
  await folder.remove();
});
