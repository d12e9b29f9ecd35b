import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { download, type DownloadLimits } from '../../../docker/worker/src/jobs/download';
import { DiskFull } from '../../../docker/worker/src/errors';
import { until } from '../../until';

const content = randomBytes(300_000);
const etag = `"${createHash('md5').update(content).digest('hex')}"`;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let s3: S3Client;
let requests: (string | undefined)[];
const folder = mkdtempSync(join(tmpdir(), 'download-'));
const file = join(folder, 'input');

afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => (requests = []));
afterEach(async () => {
  s3.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(file, { force: true });
});

/** Answers requests with the given answers in order, then with the whole object. */
async function serve(...answers: Answer[]): Promise<void> {
  server = createServer((request, response) => {
    requests.push(request.headers.range);
    (answers.shift() ?? whole)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  s3 = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
}

const head = (request: IncomingMessage, response: ServerResponse) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(from > 0 ? 206 : 200, {
    'content-length': content.length - from,
    etag,
    ...(from > 0 && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
  });
  return content.subarray(from);
};
const whole: Answer = (request, response) => void response.end(head(request, response));
/** Closes the connection when the given number of bytes is in the file. */
const cutAfter =
  (bytes: number): Answer =>
  (request, response) => {
    const rest = head(request, response);
    response.write(rest.subarray(0, bytes));
    void arrived(content.length - rest.length + bytes).then(() => response.destroy());
  };
const arrived = (bytes: number) => until(() => existsSync(file) && statSync(file).size >= bytes);
const silentAtFirst: Answer = (request, response) =>
  (request.headers.range === undefined ? silent : whole)(request, response);
const silent: Answer = (request, response) => void response.write(head(request, response).subarray(0, 1000));
const refuse =
  (status: number, code: string): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<Error><Code>${code}</Code><Message>no</Message></Error>`);
  };

const get = (limits: Partial<DownloadLimits> = {}, signal = new AbortController().signal) =>
  download(
    s3,
    { Bucket: 'media', Key: 'jobs/x/input', VersionId: 'v1', IfMatch: etag },
    file,
    { maxBytes: 1 << 20, freeBytes: async () => 1 << 30, stallMs: 60_000, pauseMs: 1, ...limits },
    signal,
  );

describe('a download', () => {
  it('fetches the whole object', async () => {
    await serve();
    expect(await get()).toBe(content.length);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('continues where the connection failed', async () => {
    await serve(cutAfter(100_000), cutAfter(50_000));
    await get();
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(requests).toEqual([undefined, 'bytes=100000-', 'bytes=150000-']);
  });

  it('closes a silent connection', async () => {
    // Silent until the first bytes have arrived, in as many attempts as needed.
    await serve(...Array.from({ length: 4 }, () => silentAtFirst));
    await get({ stallMs: 500 });
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(requests.at(-1)).toBe('bytes=1000-');
  });

  it('always requests the given version and ETag', async () => {
    const asked: unknown[] = [];
    const noting =
      (answer: Answer): Answer =>
      (request, response) => {
        const { searchParams } = new URL(request.url!, 'http://localhost');
        asked.push([searchParams.get('versionId'), request.headers['if-match']]);
        answer(request, response);
      };
    await serve(noting(cutAfter(1000)), noting(whole));
    await get();
    expect(asked).toEqual([
      ['v1', etag],
      ['v1', etag],
    ]);
  });

  it.each([0, 1000])(
    'fails for good when another object has taken its place after %i bytes',
    async (bytes) => {
      const before = bytes === 0 ? [] : [cutAfter(bytes)];
      await serve(...before, refuse(412, 'PreconditionFailed'));
      await expect(get()).rejects.toMatchObject({
        code: 'source_not_found',
        permanent: true,
        message: 'Another file has replaced the input in the bucket',
      });
    },
  );

  it('accepts the whole object when it requested the rest', async () => {
    const unranged: Answer = (_, response) => {
      response.writeHead(200, { 'content-length': content.length, etag });
      response.end(content);
    };
    await serve(cutAfter(1000), unranged);
    expect(await get()).toBe(content.length);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('retries while S3 is throttled or down, but not forever', async () => {
    await serve(refuse(503, 'SlowDown'), refuse(500, 'InternalError'));
    await get();
    await new Promise((resolve) => server.close(resolve));
    await serve(...Array.from({ length: 10 }, () => refuse(503, 'SlowDown')));
    await expect(get()).rejects.toMatchObject({ permanent: false });
    expect(requests.length).toBeLessThan(10);
  });

  it.each([
    [404, 'NoSuchKey', 'source_not_found', true],
    [404, 'NoSuchVersion', 'source_not_found', true],
    [403, 'AccessDenied', 'source_forbidden', true],
    [403, 'InvalidObjectState', 'source_forbidden', true],
    [403, 'RequestTimeTooSkewed', 'internal', false],
    [400, 'ExpiredToken', 'internal', false],
    [404, 'NoSuchBucket', 'internal', false],
  ])('maps the S3 error %i %s to its cause', async (status, code, expected, permanent) => {
    await serve(...Array.from({ length: 10 }, () => refuse(status, code)));
    await expect(get()).rejects.toMatchObject({ code: expected, permanent });
    expect(requests).toHaveLength(permanent ? 1 : 5);
  });

  it('refuses a large object before the download', async () => {
    await serve(silent);
    await expect(get({ maxBytes: 1000 })).rejects.toMatchObject({
      code: 'upload_too_large',
      permanent: true,
      message: expect.stringContaining('300000 bytes; at most 1000'),
    });
  });

  it('does not start if the disk has no room', async () => {
    await serve();
    await expect(get({ freeBytes: async () => 299_999 })).rejects.toThrow(DiskFull);
    expect(requests).toHaveLength(1);
  });

  it('reports a disk that becomes full during the download', async () => {
    await serve();
    const full = download(
      s3,
      { Bucket: 'media', Key: 'k', VersionId: 'v1' },
      '/dev/full',
      { maxBytes: 1 << 20, freeBytes: async () => 1 << 30 },
      new AbortController().signal,
    );
    await expect(full).rejects.toMatchObject({ name: 'DiskFull', permanent: false });
  });

  it('ends when it is aborted, with the reason', async () => {
    await serve(silent);
    const abort = new AbortController();
    const got = expect(get({}, abort.signal)).rejects.toThrow('stop');
    await arrived(1000);
    abort.abort(new Error('stop'));
    await got;
  });
});
