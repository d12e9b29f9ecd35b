import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { matchesRoute, type Route } from '../../../../core/contract/http';
import type { KeyRow } from '../../../../core/contract/usage';
import { STREAMING_IDLE_SECONDS } from '../../../../core/contract/limits';
import { errorBody } from '../../../../core/contract/errors';
import { modelPath } from '../../../../core/models/model-names';
import { shown } from '../../../../core/contract/text';
import { BodyHash } from './body-hash';
import type { KnownKeys } from './known-keys';
import { LINGER_MS, linger } from './linger';
import type { Log } from '../log';
import type { Metering } from './metering';
import { Refusal } from './refusal';
import { relay } from './relay';
import { newRequestId } from './request-id';
import { MEASURE_HEADER } from './service-headers';
import { workDone } from './work-done';

export interface StreamingServerOptions {
  /** OpenAI's routes of the task. */
  routes: readonly Route[];
  /** Unit of the task's work. */
  unit: keyof typeof MEASURE_HEADER;
  keys: Pick<KnownKeys, 'holder'>;
  metering: Pick<Metering, 'admit' | 'count'>;
  /** Base URL of the service that does the task. */
  serviceUrl: string;
  /** Why the service cannot take requests. Undefined if it can. */
  unready: () => Promise<string | undefined>;
  /** Counts work as busy time: the machine is not idle while it runs. */
  during: <T>(work: () => Promise<T>) => Promise<T>;
  mostBytes: number;
  log: Log;
  /**
   * Milliseconds for which the rest of a refused upload is read, so that the refusal reaches the
   * sender. @default 10000
   */
  lingerMs?: number;
  /** Milliseconds for which running answers may continue when the worker stops. @default 60000 */
  drainMs?: number;
}

/** Bytes allowed for boundaries and headers around the file, as in the service. */
const ENVELOPE_BYTES = 64 << 10;
const RETRY_SECONDS = 10;
const LOOK_MS = 100;
/** Time limit for counting: two attempts of a request. */
const COUNT_MS = 5_000;

/**
 * The public server of a machine, behind a load balancer: OpenAI's routes of a task for requests with
 * a valid key, forwarded to the model service. It has its own port, so that no other route of the
 * worker is public.
 */
export class StreamingServer {
  private readonly server: Server;
  private inside = 0;
  private stopping = false;

  constructor(private readonly options: StreamingServerOptions) {
    this.server = createServer((request, response) => void this.answer(request, response));
    // A large recording on a slow connection takes hours. The service aborts uploads that stall.
    this.server.requestTimeout = 0;
    // Longer than that of the load balancer, which would otherwise use connections that are being
    // closed.
    this.server.keepAliveTimeout = (STREAMING_IDLE_SECONDS + 15) * 1000;
  }

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, resolve);
    });
  }

  /**
   * Refuses new requests and lets running ones finish in time: an aborted stream is wasted work.
   */
  async close(): Promise<void> {
    const { drainMs = 60_000 } = this.options;
    this.stopping = true;
    const closed = new Promise((resolve) => this.server.close(resolve));
    const deadline = Date.now() + drainMs;
    while (this.inside > 0 && Date.now() < deadline) await sleep(LOOK_MS);
    this.server.closeAllConnections();
    await closed;
    // Aborted answers are counted, too.
    while (this.inside > 0 && Date.now() < deadline + COUNT_MS) await sleep(LOOK_MS);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const began = performance.now();
    const id = newRequestId();
    response.setHeader('x-request-id', id);
    let key: KeyRow | undefined;
    this.inside++;
    try {
      if (request.method === 'GET' && request.url === '/health') return await this.health(response);
      key = await this.admit(request);
      await this.pass(request, response, key);
    } catch (error) {
      this.refuse(response, error);
    } finally {
      this.inside--;
    }
    const { log, lingerMs = LINGER_MS } = this.options;
    linger(request, lingerMs);
    const about = {
      request_id: id,
      key_id: key?.id,
      tenant: key?.tenant,
      route: this.routeOf(request)?.name,
    };
    const ms = Math.round(performance.now() - began);
    const complete = response.writableFinished;
    log.info(
      { ...about, status: response.headersSent ? response.statusCode : undefined, complete, ms },
      'asked by stream',
    );
  }

  /** @throws Refusal if the request is not admitted */
  private async admit(request: IncomingMessage): Promise<KeyRow> {
    if (this.stopping) {
      const headers = { 'retry-after': String(RETRY_SECONDS) };
      throw new Refusal(503, 'busy', 'The worker is being stopped', headers);
    }
    if (this.routeOf(request) === undefined) throw this.noRoute(request);
    const key = await this.options.keys.holder(request.headers.authorization);
    if (key !== undefined) return key;
    throw new Refusal(
      401,
      'unauthorized',
      "The API key is missing or not known. Send 'Authorization: Bearer <key>'",
      { 'www-authenticate': 'Bearer' },
    );
  }

  private async pass(request: IncomingMessage, response: ServerResponse, key: KeyRow): Promise<void> {
    const { serviceUrl, unit, mostBytes, metering, during } = this.options;
    const { method, path } = this.routeOf(request)!;
    const headers = method === 'POST' ? await metering.admit(key) : {};
    const work = async () => {
      const hash = new BodyHash(path, request.headers['content-type']);
      let done = () => 0;
      await relay(request, response, {
        url: new URL(path, serviceUrl),
        mostBytes: mostBytes + ENVELOPE_BYTES,
        headers,
        passed: (chunk) => hash.update(chunk),
        begun: (answer) => (done = workDone(answer, response, MEASURE_HEADER[unit])),
      });
      if (done() > 0) await metering.count(key, { sha256: hash.digest(), work: done() });
    };
    // Requests for the list of models, and requests without quota, do not keep the machine awake.
    await (method === 'POST' ? during(work) : work());
  }

  /** Health check of the load balancer. It exposes only whether the machine can take requests. */
  private async health(response: ServerResponse): Promise<void> {
    const reason = this.stopping ? 'stopping' : await this.options.unready();
    sendJson(response, reason === undefined ? 200 : 503, {
      status: reason === undefined ? 'ok' : 'unhealthy',
    });
  }

  private refuse(response: ServerResponse, error: unknown): void {
    const { log } = this.options;
    if (!(error instanceof Refusal) || error.cause !== undefined)
      log.error({ err: error }, 'a request failed');
    if (response.headersSent || response.destroyed) return void response.destroy();
    const { status, code, message, headers } =
      error instanceof Refusal ? error : new Refusal(500, 'internal', 'The request failed unexpectedly');
    sendJson(response, status, errorBody(status, code, message), headers);
  }

  /**
   * The route of a request, and the path for the service. The path is rebuilt, so that no other
   * route can be reached.
   */
  private routeOf(request: IncomingMessage): { method: string; path: string; name: string } | undefined {
    const asked = pathOf(request);
    const found = this.options.routes.find(
      ([method, pattern]) => method === request.method && matchesRoute(pattern, asked),
    );
    if (found === undefined) return undefined;
    const path = found[1].includes('{') ? modelPath(decoded(asked.slice('/v1/models/'.length))) : found[1];
    return path === undefined ? undefined : { method: found[0], path, name: found.join(' ') };
  }

  private noRoute(request: IncomingMessage): Refusal {
    const path = pathOf(request);
    const methods = this.options.routes
      .filter(([, pattern]) => matchesRoute(pattern, path))
      .map(([method]) => method);
    // If the method is allowed, the name of the model is not valid.
    if (methods.every((method) => method === request.method))
      return new Refusal(404, 'not_found', `There is no route ${shown(path)}`);
    const allow = methods.join(', ');
    const message = `${shown(path)} takes ${allow}; got ${shown(request.method ?? '')}`;
    return new Refusal(405, 'invalid_request', message, { allow });
  }
}

const pathOf = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0] ?? '';

/** Returns a lone surrogate, which no model name contains, for a path that cannot be decoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '\ud800';
  }
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
