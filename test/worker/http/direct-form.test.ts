import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyRequest } from 'fastify';
import { readForm } from '../../../docker/worker/src/http/direct-form';
import { Intake } from '../../../docker/worker/src/http/intake';
import { BOUNDARY, CONTENT_TYPE } from '../../multipart-mutations';
import { until } from '../../until';

const folder = mkdtempSync(join(tmpdir(), 'direct-form-'));
const file = join(folder, 'input');
let server: Server;
let reading: Promise<unknown> | undefined;
let socket: Socket;

beforeEach(async () => {
  reading = undefined;
  server = createServer((raw: IncomingMessage) => {
    const request = { raw, headers: raw.headers } as FastifyRequest;
    const intake = new Intake({ mostBytes: 1 << 20 });
    reading = intake.admit(
      (arrival) => readForm(request, file, 1 << 20, arrival),
      (options) => Promise.resolve(options),
    );
    reading.catch(() => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(
    `POST / HTTP/1.1\r\nhost: test\r\ncontent-type: ${CONTENT_TYPE}\r\ncontent-length: 1000\r\n\r\n` +
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\nsound`,
  );
  await until(() => existsSync(file), 'the file has begun');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(file, { force: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each<[string, () => void]>([
  ['closes its connection', () => socket.destroy()],
  ['resets its connection', () => socket.resetAndDestroy()],
  ['ends what it sends', () => socket.end()],
])(
  'a form that is cut off by a sender that %s is an invalid request, not an internal error',
  async (_, leave) => {
    leave();
    await expect(reading).rejects.toMatchObject({
      code: 'invalid_request',
      message: 'The form is cut off: its sender left',
    });
  },
);
