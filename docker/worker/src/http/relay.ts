import { type IncomingMessage, request as open, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { AUDIO_SECONDS_HEADER, DEGRADED_HEADER } from '../../../../core/contract/http';
import { Refusal } from './refusal';

/** What the service has to know of a request. Nothing else goes on, the key least of all. */
const ASKED = ['content-type', 'content-length'];
/** What means something to a caller of the service's answer. */
const ANSWERED = [
  'cache-control',
  'content-length',
  'content-type',
  'retry-after',
  AUDIO_SECONDS_HEADER,
  DEGRADED_HEADER,
];
const RETRY_SECONDS = 10;

export interface RelayOptions {
  /** URL at the model service. */
  url: URL;
  /** Largest body. */
  mostBytes: number;
  /** Of the answer, besides the service's own. */
  headers: Readonly<Record<string, string>>;
  /** Told of each piece of the body. */
  passed: (chunk: Buffer) => void;
  /** Told of the answer before any of it is passed on. */
  begun: (answer: IncomingMessage) => void;
}

/**
 * Passes a request on to a model service, and the answer back, byte by byte: what comes is sent at once, and what its reader
 * does not take is not read. If one side closes its connection, the other connection is closed, too. The service decides
 * how long an upload may take.
 *
 * Node's own client and server do it: a proxy's library would bring retries, redirects and pools, none of which is wanted.
 *
 * @returns when the answer is over, whoever ended it
 * @throws Refusal for a body that is too large, and where the service is not there: the answer has not begun then
 */
export async function relay(
  request: IncomingMessage,
  response: ServerResponse,
  { url, mostBytes, headers, passed, begun }: RelayOptions,
): Promise<void> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLarge(mostBytes);
  if (response.destroyed) return;
  await new Promise<void>((resolve, reject) => {
    // A connection of its own: one that was kept may have been closed by the other side in the meantime.
    const { method } = request;
    const headed = method === 'GET' ? {} : picked(request, ASKED);
    const upstream = open(url, { method, headers: headed, agent: false });
    let bytes = 0;
    const count = (chunk: Buffer) => {
      if ((bytes += chunk.length) > mostBytes) refuse(tooLarge(mostBytes));
      else passed(chunk);
    };
    // What the other side does not want any more is read all the same, and goes nowhere.
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
      // One that breaks off is broken off here, too: its last chunk is missing.
      pipeline(answer, response, () => undefined);
    });
    upstream.on('error', (cause) => {
      // Once there is an answer, its own end tells.
      if (!answered) refuse(notThere(cause));
    });
    request.on('data', count);
    // Node's client writes a body that comes without a length with a GET as it is: the service would read it as a request of
    // its own, to whichever route.
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
