import { type IncomingMessage, request as open } from 'node:http';
import {
  DEGRADED_HEADER,
  IGNORED_HEADER,
  LEFT_OUT_HEADER,
  measureOf,
  VOICE_HEADER,
} from '../../core/contract/http';
import { statusOf } from '../../core/contract/errors';
import { ERROR_CODES, type ErrorCode, PERMANENT_CODES } from '../../core/contract/names';
import type { ErrorBody } from '../../core/contract/values';

/** A machine's answer. */
export interface MachineAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** Work that was done, in the unit of the task. @default - none, or unknown */
  measure?: number;
}

/** The outcome of a request to the machines. */
export type MachineOutcome =
  /** A result, or an error in the caller's request. */
  | { outcome: 'answered'; answer: MachineAnswer }
  /**
   * A machine responded but cannot do the work now: it has no capacity, is loading its model, or
   * failed for a reason other than the request.
   */
  | { outcome: 'busy'; answer: MachineAnswer }
  /** No machine responded, or the connection broke. */
  | { outcome: 'asleep' }
  | { outcome: 'late' }
  /** The answer exceeds the size limit. `measure` is the work that was done for it. */
  | { outcome: 'large'; measure?: number };

/** A request to a machine. Without a body it is a `GET`. */
export interface MachineRequest {
  path: string;
  contentType?: string;
  body?: Buffer;
  /** Header of the answer with the work that was done. @default - none */
  measure?: string;
  /** Type of the last event of a complete stream. @default - the answer is no stream */
  streamEnd?: string;
}

/** Headers of the services that are passed on to the caller. */
const PASSED = [
  'content-type',
  'retry-after',
  DEGRADED_HEADER,
  IGNORED_HEADER,
  LEFT_OUT_HEADER,
  VOICE_HEADER,
];

/**
 * Sends a request to the machines behind the load balancer. When the time is up, the connection is
 * closed, and the service stops working on the request.
 *
 * @param base URL of the load balancer
 * @param limits total time in milliseconds, size of the answer in bytes
 */
export async function askMachine(
  base: string,
  ask: MachineRequest,
  limits: { milliseconds: number; bytes: number },
): Promise<MachineOutcome> {
  if (limits.milliseconds <= 0) return { outcome: 'late' };
  const signal = AbortSignal.timeout(limits.milliseconds);
  try {
    const { message, body } = await exchange(base, ask, signal, limits.bytes);
    const measure = ask.measure === undefined ? undefined : measureOf(message.headers, ask.measure);
    return body === undefined ? { outcome: 'large', measure } : judged(message, body, measure, ask.streamEnd);
  } catch {
    // Connection refused, reset or cut off, or an unknown host name: no machine is available.
    return { outcome: signal.aborted ? 'late' : 'asleep' };
  }
}

/** Uses Node's own client, which ignores proxies and does not follow redirects. */
async function exchange(
  base: string,
  { path, contentType, body }: MachineRequest,
  signal: AbortSignal,
  mostBytes: number,
): Promise<{ message: IncomingMessage; body?: Buffer }> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = open(new URL(path, base), {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body !== undefined && { 'content-length': body.length }),
        ...(contentType !== undefined && { 'content-type': contentType }),
      },
      signal,
      // A new connection: a connection kept from an earlier invocation may have been closed.
      agent: false,
    });
    request.on('response', resolve);
    request.on('error', reject);
    request.end(body);
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop closes the connection.
    if (bytes > mostBytes) return { message };
    chunks.push(chunk);
  }
  return { message, body: Buffer.concat(chunks) };
}

function judged(
  { statusCode: status = 0, headers }: IncomingMessage,
  body: Buffer,
  measure: number | undefined,
  streamEnd: string | undefined,
): MachineOutcome {
  const passed = PASSED.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  const answer: MachineAnswer = { status, headers: Object.fromEntries(passed), body };
  if (status >= 200 && status < 300) {
    if (headers['content-type']?.startsWith('text/event-stream') === true) {
      const events = body.toString('utf8');
      const event = /^data: (\{"error":.*)$/m.exec(events)?.[1] ?? '';
      const failure = codeOf(event);
      if (failure !== undefined) return failed(failure, event);
      // The stream is incomplete, although the connection was closed properly.
      if (streamEnd === undefined || !endsWith(streamEnd, events)) return { outcome: 'asleep' };
    }
    return { outcome: 'answered', answer: { ...answer, measure } };
  }
  // The load balancer's own errors are HTML pages: they mean that no service is available.
  if (codeOf(body.toString('utf8')) === undefined) return { outcome: 'asleep' };
  return { outcome: status === 429 || status >= 500 ? 'busy' : 'answered', answer };
}

/**
 * A stream always begins with status 200. Here all events arrive together, so a failure can be
 * answered with its own status.
 */
function failed(code: ErrorCode, event: string): MachineOutcome {
  const headers = { 'content-type': 'application/json' };
  const answer = { status: statusOf(code), headers, body: Buffer.from(event) };
  return { outcome: isPermanent(code) ? 'answered' : 'busy', answer };
}

/** Whether a stream has an event of this type, which is the last one. */
const endsWith = (type: string, events: string): boolean =>
  new RegExp(`^data: .*"type":\\s*"${type}"`, 'm').test(events);

/** The error code of a body, if it is an error of Spotscribe's services. */
function codeOf(body: string): ErrorCode | undefined {
  try {
    const { error } = JSON.parse(body) as Partial<ErrorBody>;
    return ERROR_CODES.find((code) => code === error?.code);
  } catch {
    return undefined;
  }
}

const isPermanent = (code: ErrorCode) => PERMANENT_CODES.some((permanent) => permanent === code);
