import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LocalBalancer } from '../../../local/balancer/balancer';
import { freePort } from '../../../local/ports';
import { until } from '../../until';

const CHECK = {
  path: '/health',
  codes: '200',
  intervalMs: 20,
  timeoutMs: 60_000,
  healthyThreshold: 1,
  unhealthyThreshold: 1,
};

/** A service with configurable health, which holds requests until they are released. */
class Service {
  healthy = true;
  readonly held: (() => void)[] = [];
  private checks = 0;
  private readonly server: Server;

  constructor(name: string, listener?: RequestListener) {
    this.server = createServer((asked, answer) => {
      if (asked.url === '/health') {
        this.checks += 1;
        answer.writeHead(this.healthy ? 200 : 503).end();
      } else if (listener !== undefined) listener(asked, answer);
      else this.held.push(() => answer.end(name));
    });
  }

  async start(): Promise<this> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Waits for two checks, after which the answer of the first is known. */
  async known(): Promise<void> {
    const seen = this.checks;
    await until(() => this.checks >= seen + 2);
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

describe('the local load balancer', () => {
  let balancer: LocalBalancer;
  let url: string;
  let times: number[];
  const services: Service[] = [];

  beforeEach(async () => {
    const port = await freePort();
    times = [];
    const metrics = { answered: (seconds: number) => void times.push(seconds), stop: () => undefined };
    balancer = new LocalBalancer({ port, check: CHECK, deregistrationDelayMs: 60_000, metrics });
    await balancer.start();
    url = `http://127.0.0.1:${port}`;
  });
  afterEach(async () => {
    await balancer.stop();
    for (const service of services.splice(0)) service.stop();
  });

  /** A registered service with known health. */
  async function service(name: string, listener?: RequestListener, healthy = true): Promise<Service> {
    const made = await new Service(name, listener).start();
    made.healthy = healthy;
    services.push(made);
    balancer.register(made.port);
    await made.known();
    return made;
  }
  const ask = async (path = '/') => (await fetch(url + path)).text();

  test('answers with a 503 page without targets', async () => {
    const answer = await fetch(url, { method: 'POST', body: Buffer.alloc(2 ** 20) });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toBe('text/html');
    expect(await answer.text()).toContain('503 Service Temporarily Unavailable');
  });

  test('answers with a 502 page if the target closes the connection', async () => {
    await service('broken', (asked) => asked.socket.destroy());
    const answer = await fetch(url);
    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain('502 Bad Gateway');
  });

  test('sends requests to a healthy service, and not to one that is loading or has failed', async () => {
    const answers =
      (text: string): RequestListener =>
      (_, answer) =>
        void answer.end(text);
    await service('loading', answers('loading'), false);
    const other = await service('well', answers('well'));
    for (let each = 0; each < 5; each += 1) expect(await ask()).toBe('well');
    other.healthy = false;
    const third = await service('third', answers('third'));
    await other.known();
    expect(await ask()).toBe('third');
    expect([other, third].map(({ port }) => balancer.isHealthy(port))).toEqual([false, true]);
  });

  test('uses all targets if none is healthy, as on AWS', async () => {
    await service('loading', (_, answer) => void answer.writeHead(503).end('{"error":{}}'), false);
    const answer = await fetch(url);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe('{"error":{}}');
  });

  test('sends a request to the target with the fewest in flight', async () => {
    const [first, second] = [await service('first'), await service('second')];
    const answers = Array.from({ length: 6 }, () => ask());
    await until(() => first.held.length + second.held.length === 6);
    expect([first.held.length, second.held.length]).toEqual([3, 3]);
    second.held.splice(0).forEach((letGo) => letGo());
    await Promise.race(answers);
    await until(() => second.held.length === 0);
    const next = ask();
    await until(() => first.held.length + second.held.length === 4);
    expect(second.held).toHaveLength(1);
    [...first.held, ...second.held].forEach((letGo) => letGo());
    expect((await Promise.all([...answers, next])).sort()).toEqual([
      ...Array<string>(3).fill('first'),
      ...Array<string>(4).fill('second'),
    ]);
  });

  test('measures response times in seconds, without aborted requests and those without target', async () => {
    await ask();
    let gone = false;
    const slow = await service('slow', (asked, answer) => {
      if (asked.url === '/given-up') answer.once('close', () => (gone = true));
      else slow.held.push(() => answer.end('slow'));
    });
    const caller = new AbortController();
    const givenUp = fetch(`${url}/given-up`, { signal: caller.signal });
    const began = performance.now();
    const answer = ask();
    await until(() => slow.held.length === 1);
    caller.abort();
    await expect(givenUp).rejects.toThrow();
    await until(() => gone);
    expect(times).toEqual([]);
    slow.held[0]?.();
    await answer;
    expect(times).toEqual([expect.any(Number)]);
    expect(times[0]).toBeGreaterThan(0);
    expect(times[0]).toBeLessThanOrEqual((performance.now() - began) / 1000);
  });

  test('lets a deregistered target finish, and sends it no more requests', async () => {
    const leaving = await service('leaving');
    const answer = ask();
    await until(() => leaving.held.length === 1);
    let left = false;
    const leave = balancer.deregister(leaving.port).then(() => (left = true));
    expect((await fetch(url)).status).toBe(503);
    expect(left).toBe(false);
    leaving.held[0]?.();
    expect(await answer).toBe('leaving');
    await leave;
  });

  test('streams bytes in both directions', async () => {
    await service('echo', (asked, answer) => void asked.pipe(answer));
    const upload = request(url, { method: 'POST' });
    upload.write('first ');
    const [answer] = (await once(upload, 'response')) as [IncomingMessage];
    const chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    // The upload is not complete, but its first part has already returned.
    expect(String((await chunks.next()).value)).toBe('first ');
    upload.end('last');
    expect(String((await chunks.next()).value)).toBe('last');
    expect((await chunks.next()).done).toBe(true);
  });

  test('interrupts an interrupted answer, and cancels the request when the caller disconnects', async () => {
    let callers = 0;
    await service('half', (asked, answer) => {
      callers += 1;
      answer.once('close', () => (callers -= 1));
      answer.writeHead(200, { 'content-length': '10' });
      answer.write('half');
      if (asked.url === '/broken') setImmediate(() => answer.destroy());
    });
    await expect(ask('/broken')).rejects.toThrow();
    const caller = new AbortController();
    await fetch(url, { signal: caller.signal });
    await until(() => callers === 1);
    caller.abort();
    await until(() => callers === 0);
  });
});
