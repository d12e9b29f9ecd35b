import { truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Retryable } from '../../../cli/api/retry';
import { upload } from '../../../cli/transcribe/upload';
import { until } from '../../until';
import { Folder } from '../run-cli';

const SIZE = 200_000_000;
let folder: Folder;
let server: Server;
const target = () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { method: 'PUT', url, headers: {}, expires_at: '' } as const;
};
const listen = () => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

beforeEach(async () => {
  folder = await Folder.with({ 'long.wav': '' });
  await truncate(join(folder.path, 'long.wav'), SIZE);
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await folder.remove();
});

test('reads with backpressure, and stops when aborted', async () => {
  server = createServer((request) => request.pause());
  await listen();
  const stop = new AbortController();
  let sent = 0;
  const file = { path: join(folder.path, 'long.wav'), size: SIZE };
  const sending = upload(file, target(), (bytes) => (sent = bytes), stop.signal);
  const stopped = expect(sending).rejects.toThrow('told to stop');
  let [before, same] = [0, 0];
  await until(() => {
    same = sent > 0 && sent === before ? same + 1 : 0;
    before = sent;
    return same === 50;
  }, 'no more is read');
  stop.abort(new Error('told to stop'));
  await stopped;
  expect(sent).toBeGreaterThan(0);
  // Size of the socket buffers.
  expect(sent).toBeLessThan(SIZE / 8);
});

test('does not keep sent data in memory', async () => {
  server = createServer((request, response) => request.resume().on('end', () => response.end()));
  await listen();
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  await upload({ path: join(folder.path, 'long.wav'), size: SIZE }, target(), () => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  });
  expect(most).toBeLessThan(SIZE / 2);
});

test('reports a file that became shorter, and does not retry', async () => {
  server = createServer((request, response) => request.resume().on('end', () => response.end()));
  await listen();
  const path = join(folder.path, 'long.wav');
  await writeFile(path, 'short');
  const sending = upload({ path, size: SIZE }, target(), () => undefined);
  await expect(sending).rejects.toMatchObject({ code: 'file_changed' });
});

test('reports an unreadable file, and does not retry', async () => {
  server = createServer((request, response) => request.resume().on('end', () => response.end()));
  await listen();
  const sending = upload({ path: folder.path, size: 10 }, target(), () => undefined);
  await expect(sending).rejects.toMatchObject({ code: 'file_unreadable' });
});

test('reports temporary failures as retryable, with the delay given by the store', async () => {
  server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(503, { 'retry-after': '7' }).end());
  });
  await listen();
  const file = { path: join(folder.path, 'long.wav'), size: SIZE };
  const failure = await upload(file, target(), () => undefined).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Retryable);
  expect(failure).toMatchObject({ retryAfterMs: 7000, message: expect.stringContaining('503') });
});
