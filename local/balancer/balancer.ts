import {
  Agent,
  createServer,
  type IncomingMessage,
  request as open,
  type Server,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BalancerMetrics } from './balancer-metrics';
import type { Asked, FixedAnswer } from './listener-rules';
import { type HealthCheck, isGood, TargetHealth } from './target-health';

export interface BalancerOptions {
  /** Port of 127.0.0.1. */
  port: number;
  check: HealthCheck;
  /** Time for a target to finish its requests when it is deregistered. */
  deregistrationDelayMs: number;
  /** Fixed answers of the listener. @default - none */
  fixedAnswer?: (asked: Asked) => FixedAnswer | undefined;
  /** Counts answers. @default - not counted */
  metrics?: Pick<BalancerMetrics, 'answered' | 'stop'>;
}

interface Target {
  port: number;
  health: TargetHealth;
  inFlight: Set<IncomingMessage>;
  /** Stops the checks. */
  gone: AbortController;
}

/** Headers of a single connection, which are not forwarded. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/**
 * Emulates an Application Load Balancer. A request goes to the healthy target with the fewest
 * requests in flight, and is streamed in both directions. If no target is healthy, all are used.
 * Without targets the answer is 503, and if the target does not answer, 502; both are HTML pages,
 * as on AWS.
 *
 * Uses Node's client and server. A proxy library would add routes, retries and rewriting, which AWS
 * does not have, and would hide the end of requests, which is needed to choose and drain targets.
 */
export class LocalBalancer {
  private readonly targets = new Map<number, Target>();
  private readonly server: Server;
  private readonly agent = new Agent({ keepAlive: false });

  constructor(private readonly options: BalancerOptions) {
    this.server = createServer((request, response) => this.answer(request, response));
    // No limit for long uploads and answers: the client decides how long it waits.
    this.server.requestTimeout = 0;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port, '127.0.0.1', resolve);
    });
  }

  async stop(): Promise<void> {
    this.options.metrics?.stop();
    for (const { gone } of this.targets.values()) gone.abort();
    this.targets.clear();
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  /** Registers a service on this port. It gets requests once it is healthy. */
  register(port: number): void {
    if (this.targets.has(port)) return;
    const health = new TargetHealth(this.options.check);
    const target: Target = { port, health, inFlight: new Set(), gone: new AbortController() };
    this.targets.set(port, target);
    void this.watch(target);
  }

  /** Whether the service on this port is healthy. */
  isHealthy(port: number): boolean {
    return this.targets.get(port)?.health.healthy ?? false;
  }

  /**
   * Sends a service no more requests, and waits for those in flight, up to the deregistration
   * delay.
   */
  async deregister(port: number): Promise<void> {
    const target = this.targets.get(port);
    if (target === undefined) return;
    this.targets.delete(port);
    target.gone.abort();
    const deadline = Date.now() + this.options.deregistrationDelayMs;
    while (target.inFlight.size > 0 && Date.now() < deadline) await sleep(50);
  }

  private async watch({ port, health, gone: { signal } }: Target): Promise<void> {
    const { path, codes, intervalMs, timeoutMs } = this.options.check;
    while (!signal.aborted) {
      const status = await fetch(`http://127.0.0.1:${port}${path}`, {
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      }).then(
        async (answer) => {
          await answer.body?.cancel();
          return answer.status;
        },
        () => 0,
      );
      health.note(isGood(status, codes));
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private choose(): Target | undefined {
    const all = [...this.targets.values()];
    const healthy = all.filter(({ health }) => health.healthy);
    // An Application Load Balancer fails open if no target is healthy.
    const candidates = healthy.length > 0 ? healthy : all;
    return candidates.reduce<Target | undefined>(
      (least, each) => (least === undefined || each.inFlight.size < least.inFlight.size ? each : least),
      undefined,
    );
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    const own = this.options.fixedAnswer?.({ method, path: url.split('?')[0] ?? '', headers });
    if (own !== undefined) return say(request, response, own);
    const target = this.choose();
    if (target === undefined) return page(request, response, 503, 'Service Temporarily Unavailable');
    target.inFlight.add(request);
    response.once('close', () => target.inFlight.delete(request));
    const asked = performance.now();
    const upstream = open({
      host: '127.0.0.1',
      port: target.port,
      method: request.method,
      path: request.url,
      headers: forwarded(request),
      agent: this.agent,
    });
    // If the client disconnects, cancel the request, so that the service stops working on it.
    response.once('close', () => upstream.destroy());
    upstream.once('response', (answer) => {
      this.options.metrics?.answered((performance.now() - asked) / 1000, answer.statusCode ?? 502);
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
      // An interrupted answer is also interrupted here: its length or its last chunk is missing.
      pipeline(answer, response, () => undefined);
    });
    upstream.once('error', () => {
      if (response.headersSent) response.destroy();
      else page(request, response, 502, 'Bad Gateway');
    });
    request.pipe(upstream);
  }
}

const endToEnd = (headers: IncomingMessage['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));

function forwarded({ headers, socket }: IncomingMessage): Record<string, string | string[] | undefined> {
  const before = headers['x-forwarded-for'];
  const client = socket.remoteAddress ?? '';
  return {
    ...endToEnd(headers),
    // Forwards a body of unknown length in chunks.
    ...(headers['transfer-encoding'] !== undefined && { 'transfer-encoding': 'chunked' }),
    'x-forwarded-for': before === undefined ? client : `${before.toString()}, ${client}`,
    'x-forwarded-proto': 'http',
  };
}

function page(request: IncomingMessage, response: ServerResponse, status: number, title: string): void {
  const text = `${status} ${title}`;
  const body = `<html>\n<head><title>${text}</title></head>\n<body>\n<center><h1>${text}</h1></center>\n</body>\n</html>\n`;
  say(request, response, { status, contentType: 'text/html', body });
}

function say(request: IncomingMessage, response: ServerResponse, { status, contentType, body }: FixedAnswer) {
  // Reads the rest of the request: a reset connection would prevent the client from reading the
  // answer.
  request.resume();
  response.writeHead(status, { 'content-type': contentType }).end(body);
}
