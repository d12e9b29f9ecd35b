import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorBody } from '../../core/contract/values';
import type { JobView } from '../../core/contract/job';
import type { SubmitJobResponse } from '../../core/contract/api';
import { converted, sample, sampleAsWav, sampleWords, words } from './audio';
import { Laptop, root, spotscribe, until } from './laptop';

describe('what is refused', () => {
  let laptop: Laptop;
  let neverUploaded: string;
  beforeAll(async () => {
    laptop = await Laptop.start({ uploadExpiryMinutes: '0.1', maxUploadGiB: '0.01' });
    neverUploaded = (await laptop.request<JobView>('POST', '/v1/jobs', { name: 'never' })).body.id;
  });
  afterAll(() => laptop?.stop());

  const code = (answer: { body: unknown }) => (answer.body as ErrorBody).error.code;

  const shaped = { error: { type: 'invalid_request_error', message: expect.any(String) } };

  test.each([
    ['GET', '/v1/jobs'],
    ['DELETE', '/v1/usage'],
    ['GET', '/nothing'],
  ])('a missing key, in OpenAI’s shape: %s %s', async (method, path) => {
    const answer = await fetch(`${laptop.url}${path}`, { method });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.headers.get('x-request-id')).toMatch(/./);
    expect(await answer.json()).toMatchObject({ error: { ...shaped.error, code: 'unauthorized' } });
  });

  test('what there is no route for, in OpenAI’s shape', async () => {
    const unknown = await laptop.request('GET', '/v1/engines');
    expect([unknown.status, code(unknown)]).toEqual([404, 'not_found']);
    const wrong = await laptop.request('PATCH', '/v1/jobs');
    expect([wrong.status, code(wrong)]).toEqual([405, 'invalid_request']);
    expect(wrong.headers.get('allow')).toBe('GET, POST');
    for (const { headers, body } of [unknown, wrong]) {
      expect(headers.get('x-request-id')).toMatch(/./);
      expect(body).toMatchObject(shaped);
    }
  });

  // As AWS's gateway does: no function sees it (docs/endpoint.md).
  test.each([
    ['a function', 5_000_000],
    ['the gateway', 11_000_000],
  ])('a body that is too large for %s, in the gateway’s words', async (_, bytes) => {
    const answer = await fetch(`${laptop.url}/v1/jobs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${laptop.key}`, 'content-type': 'audio/mpeg' },
      body: Buffer.alloc(bytes),
    });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toEqual({ message: 'Request Entity Too Large' });
  });

  test('half a character in a name, and not as if AWS were busy', async () => {
    const answer = await laptop.request('POST', '/v1/jobs', '{"name": "a\\ud800"}');
    expect([answer.status, code(answer)]).toEqual([400, 'invalid_request']);
  });

  test.each(['Bearer nonsense', 'Bearer sk-spotscribe-forged', 'Basic dXNlcjpwYXNz'])(
    'a forged key: %s',
    async (authorization) => {
      const answer = await laptop.request('GET', '/v1/jobs', undefined, { authorization });
      expect([answer.status, code(answer)]).toEqual([401, 'unauthorized']);
    },
  );

  test('a revoked key', async () => {
    const path = ['--stack', 'Spotscribe-DockerGpu', '--json'];
    const env = {
      ...laptop.env,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    const made = JSON.parse((await spotscribe(['keys', 'create', '--name', 'x', ...path], env)).stdout) as {
      id: string;
      key: string;
    };
    await spotscribe(['keys', 'revoke', made.id, ...path], env);
    const answer = await laptop.request('GET', '/v1/jobs', undefined, {
      authorization: `Bearer ${made.key}`,
    });
    expect([answer.status, code(answer)]).toEqual([401, 'unauthorized']);
  });

  test('another tenant’s job, as if it were not there', async () => {
    const env = {
      ...laptop.env,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    const { stdout } = await spotscribe(
      ['keys', 'create', '--tenant', 'rival', '--stack', 'Spotscribe-DockerGpu', '--json'],
      env,
    );
    const authorization = `Bearer ${(JSON.parse(stdout) as { key: string }).key}`;
    const foreign = await laptop.request('GET', `/v1/jobs/${neverUploaded}`, undefined, { authorization });
    const unknown = await laptop.request('GET', `/v1/jobs/job_${'0'.repeat(32)}`, undefined, {
      authorization,
    });
    expect([foreign.status, code(foreign)]).toEqual([404, 'not_found']);
    expect([unknown.status, code(unknown)]).toEqual([404, 'not_found']);
    const list = await laptop.request<{ data: unknown[] }>('GET', '/v1/jobs', undefined, { authorization });
    expect(list.body.data).toEqual([]);
    expect(
      (await laptop.request('DELETE', `/v1/jobs/${neverUploaded}`, undefined, { authorization })).status,
    ).toBe(404);
  });

  test.each([
    ['broken JSON', '{"name":', 'application/json', 400],
    ['a wrong type', '{"name": 7}', 'application/json', 400],
    ['an unknown field', '{"nmae": "x"}', 'application/json', 400],
    ['a form', 'name=x', 'application/x-www-form-urlencoded', 415],
    ['a long body', JSON.stringify({ name: 'x'.repeat(5_000_000) }), 'application/json', 413],
    ['deep nesting', '['.repeat(5000) + ']'.repeat(5000), 'application/json', 400],
    ['too large an upload', '{"size": 99999999999}', 'application/json', 413],
  ])('%s', async (_, body, type, status) => {
    const answer = await laptop.request<ErrorBody>('POST', '/v1/jobs', body, { 'content-type': type });
    expect(answer.status).toBe(status);
    expect(answer.body.error.message).not.toBe('');
  });

  test('a repeated request makes no second job, a changed one a conflict', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const first = await laptop.request<JobView>('POST', '/v1/jobs', { name: 'a' }, headers);
    const again = await laptop.request<JobView>('POST', '/v1/jobs', { name: 'a' }, headers);
    const changed = await laptop.request('POST', '/v1/jobs', { name: 'b' }, headers);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body.id).toBe(first.body.id);
    expect([changed.status, code(changed)]).toEqual([409, 'idempotency_conflict']);
  });

  test('an upload of another size than was said', async () => {
    const { body } = await laptop.request<SubmitJobResponse>('POST', '/v1/jobs', { size: 1000 });
    expect(body.upload?.url).toMatch(/X-Amz-SignedHeaders=[^&]*content-length/);
  });

  describe('media that hold no audio fail their job, are not tried again, and disturb nothing', () => {
    const playlist = Buffer.from('#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:1/secret.ts\n#EXT-X-ENDLIST\n');
    test.each<[string, () => Buffer, string]>([
      ['zero bytes', () => Buffer.alloc(0), 'bad_audio'],
      ['text named .mp3', () => readFileSync(join(root, 'README.md')), 'bad_audio'],
      ['a playlist', () => playlist, 'unsupported_media_type'],
    ])('%s', async (name, bytes, error) => {
      const [bad, good] = await Promise.all([
        laptop.submit(bytes(), `${name}.mp3`),
        laptop.submit(sample(), 'good'),
      ]);
      const failed = await laptop.ended(bad);
      expect(failed).toMatchObject({ status: 'failed', error: { code: error } });
      expect(failed.error?.message).not.toBe('');
      expect(await laptop.ended(good)).toMatchObject({ status: 'succeeded' });
    });
  });

  test('but not half a WAV file: what is there is transcribed, and the result says that it ends early', async () => {
    const half = sampleAsWav().subarray(0, 300_000);
    const job = await laptop.ended(await laptop.submit(half, 'half.wav'));
    expect(job).toMatchObject({
      status: 'succeeded',
      degraded: [{ stage: 'audio', reason: expect.stringMatching(/end/) as string }],
    });
    const heard = words((await laptop.transcript(job.id)).text);
    expect(heard.length).toBeGreaterThan(5);
    expect(heard.length).toBeLessThan(sampleWords().length);
  });

  test.each([
    ['an MP3', ['-c:a', 'libmp3lame', '-f', 'mp3']],
    ['stereo Ogg Vorbis at 48 kHz', ['-ac', '2', '-ar', '48000', '-c:a', 'libvorbis', '-f', 'ogg']],
  ])('but not %s', async (_, options) => {
    const id = await laptop.submit(converted(...options), 'converted');
    expect(await laptop.ended(id)).toMatchObject({ status: 'succeeded' });
    const found = words((await laptop.transcript(id)).text);
    const expected = sampleWords();
    const right = expected.filter((word) => found.includes(word)).length;
    expect(right / expected.length).toBeGreaterThan(0.85);
  });

  test('an upload that never comes expires', async () => {
    // The sweeper looks at it half a minute after the upload's address has expired.
    const expired = await until('the upload to expire', 90, async () => {
      await laptop.invoke('SweepJobs');
      const job = await laptop.job(neverUploaded);
      return job.status === 'awaiting_upload' ? undefined : job;
    });
    expect(expired).toMatchObject({
      status: 'expired',
      error: { code: 'upload_expired' },
    });
  });
});
