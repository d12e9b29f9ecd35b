import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectRoute } from '../../../docker/worker/src/http/direct-route';
import { GuardedService } from '../../../docker/worker/src/services/guarded-service';
import { Health } from '../../../docker/worker/src/http/health';
import { HttpModelService } from '../../../docker/worker/src/services/http-model-service';
import type { IntakeLimits } from '../../../docker/worker/src/http/intake';
import { createLog } from '../../../docker/worker/src/log';
import { MachineTime } from '../../../docker/worker/src/jobs/machine-time';
import { Metrics } from '../../../docker/worker/src/http/metrics';
import { Services } from '../../../docker/worker/src/services/services';
import { Scratch } from '../../../docker/worker/src/jobs/scratch';
import { createServer } from '../../../docker/worker/src/http/server';
import type { ErrorBody } from '../../../core/contract/values';
import { BOUNDARY, CONTENT_TYPE } from '../../multipart-mutations';
import { until } from '../../until';
import { hearing, ModelServer } from '../../support/model-server';

const END = `\r\n--${BOUNDARY}--\r\n`;
let whisper: ModelServer;
let folder: string;
let busy: number;
let server: ReturnType<typeof createServer>;
let port: number;
let senders: Sender[];

beforeEach(async () => {
  whisper = await ModelServer.start(hearing(20, 1));
  folder = mkdtempSync(join(tmpdir(), 'uploads-'));
  busy = 0;
  senders = [];
});
afterEach(async () => {
  senders.forEach((sender) => sender.leave());
  await until(() => readdirSync(folder).length === 0 && busy === 0, 'nothing is left behind');
  await server.close();
  await whisper.stop();
  rmSync(folder, { recursive: true });
});

async function start(intake: Partial<IntakeLimits> = {}) {
  const log = createLog({ write: () => undefined });
  const service = new HttpModelService('whisper', whisper.url);
  const direct = new DirectRoute({
    services: new Services([{ service: new GuardedService(service, log), tasks: ['transcription'] }]),
    scratch: new Scratch(folder),
    receiver: () => ({
      during: async (work) => {
        busy++;
        return work().finally(() => busy--);
      },
    }),
    machineTime: new MachineTime(),
    stopping: new AbortController().signal,
    log,
    maxUploadBytes: 1 << 20,
    maxAudioSeconds: 3600,
    intake,
    lingerMs: 50,
  });
  const metrics = new Metrics({ idleSeconds: () => 0, busy: () => 0 });
  server = createServer(new Health([], new Scratch(folder)), metrics, log, direct);
  port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port);
}

/** Sends a form byte by byte until it is ended or closed. */
class Sender {
  answer = '';
  closed = false;
  private readonly socket: Socket;
  private readonly timer: NodeJS.Timeout | undefined;

  constructor({ type = CONTENT_TYPE, everyMs = 20 } = {}) {
    senders.push(this);
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => undefined).once('close', () => (this.closed = true));
    this.socket.on('data', (chunk: Buffer) => (this.answer += chunk.toString()));
    this.socket.write(
      `POST /hybrid HTTP/1.1\r\nhost: test\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    this.send(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n`);
    if (everyMs > 0) this.timer = setInterval(() => this.send('x'), everyMs);
  }

  end(): void {
    clearInterval(this.timer);
    this.send(END);
    this.socket.write('0\r\n\r\n');
  }

  leave(): void {
    clearInterval(this.timer);
    this.socket.destroy();
  }

  private send(text: string): void {
    this.socket.write(`${text.length.toString(16)}\r\n${text}\r\n`);
  }
}

async function dribble(count: number): Promise<Sender[]> {
  const begun = Array.from({ length: count }, () => new Sender());
  await until(() => readdirSync(folder).length === count, 'they are being received');
  return begun;
}

async function post(audio = 'sound'): Promise<Response> {
  const form = new FormData();
  form.append('file', new Blob([audio]), 'talk.mp3');
  return fetch(`http://127.0.0.1:${port}/hybrid`, { method: 'POST', body: form });
}
const refusal = async (answer: Response) => ({
  status: answer.status,
  ...((await answer.json()) as ErrorBody).error,
});

describe('a slow upload', () => {
  it('takes no place: four of them block nobody, and do not count as work', async () => {
    await start();
    const slow = await dribble(4);
    expect((await post()).status).toBe(200);
    expect(busy).toBe(0);
    slow.forEach((sender) => sender.end());
    await until(() => slow.every(({ answer }) => answer.startsWith('HTTP/1.1 200')), 'they are answered');
  });

  it('is dropped in favour of another one if there are too many', async () => {
    await start({ uploads: 2, judgedMs: 0 });
    const slow = await dribble(2);
    expect((await post()).status).toBe(200);
    const refused = () => slow.filter(({ answer }) => answer.includes('this was the slowest'));
    await until(() => refused().length === 1, 'the slowest is refused');
    expect(refused()[0]?.answer).toMatch(/^HTTP\/1.1 429 [^]*retry-after: 10/);
  });

  it('is refused when it is below the minimum speed', async () => {
    // The clock is fast, so that the sender is slow long before it could stall.
    await start({ stallMs: 60_000, leastBytesPerSecond: 1 << 20, now: () => performance.now() * 1000 });
    const slow = new Sender();
    await until(() => slow.answer.includes('at less than 1048576 bytes per second'), 'it is refused');
    expect(slow.answer).toMatch(/^HTTP\/1.1 400 /);
  });

  it('is refused when it stalls', async () => {
    // Its first bytes may be late.
    await start({ stallMs: 100, leastBytesPerSecond: 0 });
    const silent = new Sender({ everyMs: 0 });
    await until(() => silent.answer.includes('no data for 100 ms'), 'it is refused');
    expect(silent.answer).toMatch(/^HTTP\/1.1 400 /);
  });

  it('is refused at its end if the places have been taken meanwhile', async () => {
    await start();
    const [slow] = await dribble(1);
    whisper.script = hearing(1000, 20);
    const inside = [1, 2, 3, 4].map(() => post());
    await until(() => busy === 4, 'four are inside');
    slow?.end();
    await until(() => slow?.answer.startsWith('HTTP/1.1 429') === true, 'it is refused');
    await Promise.all(inside);
  });
});

describe('a refused upload', () => {
  it('exceeds the number of concurrent uploads, of which none is slow', async () => {
    await start({ uploads: 2, slowBytesPerSecond: 0 });
    await dribble(2);
    expect(await refusal(await post())).toMatchObject({ status: 429, code: 'busy' });
  });

  it('has no room on the disk', async () => {
    await start({ mostBytes: 1000 });
    expect(await refusal(await post('x'.repeat(1001)))).toMatchObject({
      status: 429,
      message: expect.stringMatching(/1000 bytes/),
    });
    expect((await post()).status).toBe(200);
  });

  it.each(['text/plain', CONTENT_TYPE])('is not read forever if its sender continues: %s', async (type) => {
    await start({ mostBytes: type === CONTENT_TYPE ? 10 : 1000 });
    const sender = new Sender({ type });
    await until(() => sender.answer.startsWith('HTTP/1.1 4'), 'it is refused');
    await until(() => sender.closed, 'its connection is ended');
  });
});
