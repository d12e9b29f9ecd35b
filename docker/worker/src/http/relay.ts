import { type IncomingMessage, request as open, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { Refusal } from './refusal';
import { SERVICE_HEADERS } from './service-headers';

/** Request headers that are sent to the service. Others are not, especially not the key. */
const ASKED = ['content-type', 'content-length'];
/** Answer headers that are sent to the caller. */
const ANSWERED = ['cache-control', 'content-length', 'content-type', 'retry-after', ...SERVICE_HEADERS];
const RETRY_SECONDS = 10;

export interface RelayOptions {
  /** URL at the model service. */
  url: URL;
  /** Largest body in bytes. */
  mostBytes: number;
  /** Additional headers of the answer. */
  headers: Readonly<Record<string, string>>;
  /** Called with each chunk of the body. */
  passed: (chunk: Buffer) => void;
  /** Called with the answer before it is forwarded. */
  begun: (answer: IncomingMessage) => void;
}

/**
 * Forwards a request to a model service, and the answer back to the caller. Chunks are sent
 * immediately, with backpressure. If one side closes its connection, the other connection is
 * closed. The service decides how long an upload may take.
 *
 * It uses the client of Node.js: a proxy library would add retries, redirects and pools.
 *
 * @returns when the answer has ended, on either side
 * @throws Refusal if the body is too large or the service is not available, before the answer has
 * begun
 */
export async function relay(
  request: IncomingMessage,
  response: ServerResponse,
  { url, mostBytes, headers, passed, begun }: RelayOptions,
): Promise<void> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLarge(mostBytes);
  if (response.destroyed) return;
  await new Promise<void>((resolve, reject) => {
    // A new connection: the service may have closed a kept one meanwhile.
    const { method } = request;
    const headed = method === 'GET' ? {} : picked(request, ASKED);
    const upstream = open(url, { method, headers: headed, agent: false });
    let bytes = 0;
    const count = (chunk: Buffer) => {
      if ((bytes += chunk.length) > mostBytes) refuse(tooLarge(mostBytes));
      else passed(chunk);
    };
    // The rest of the body is read and discarded.
    const stop = () => {
      request.off('data', count).unpipe(upstream).resume();
    };
    const refuse = (refusal: Refusal) => {
      stop();
      upstream.destroy();
      reject(refusal);
    };
    response.once('close', () => {
      upstream.destroy();
      resolve();
    });
    let answered = false;
    upstream.once('response', (answer) => {
      answered = true;
      stop();
      begun(answer);
      response.writeHead(answer.statusCode ?? 502, { ...picked(answer, ANSWERED), ...headers });
      response.flushHeaders();
      // If the answer is cut off, it is also cut off here: the last chunk is missing.
      pipeline(answer, response, () => undefined);
    });
    upstream.on('error', (cause) => {
      // After the answer has begun, its end reports the failure.
      if (!answered) refuse(notThere(cause));
    });
    request.on('data', count);
    // For a GET, Node.js would send a body of unknown length without framing, and the service would
    // read it as another request, to any route.
    if (method === 'GET') upstream.end();
    else request.pipe(upstream);
  });
}

const picked = ({ headers }: IncomingMessage, names: string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])),
  );

const tooLarge = (mostBytes: number) =>
  new Refusal(413, 'upload_too_large', `The body must be at most ${mostBytes} bytes`);

const notThere = (cause: Error) =>
  new Refusal(
    503,
    'busy',
    `The model service does not answer. Try again in ${RETRY_SECONDS} s`,
    { 'retry-after': String(RETRY_SECONDS) },
    { cause },
  );
