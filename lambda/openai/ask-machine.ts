import { type IncomingMessage, request as open } from 'node:http';
import { audioSecondsOf, DEGRADED_HEADER } from '../../core/contract/http';
import { statusOf } from '../../core/contract/errors';
import { ERROR_CODES, type ErrorCode, PERMANENT_CODES } from '../../core/contract/names';
import type { ErrorBody } from '../../core/contract/values';

/** What a machine answered. */
export interface MachineAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** Seconds of audio that were worked on for it. @default - none, or an unknown number */
  audioSeconds?: number;
}

/** The last event of a transcript. */
const STREAM_END = /^data: .*"type":\s*"transcript\.text\.done"/m;

/** What came of a request to the machines. */
export type MachineOutcome =
  /** A result, or a refusal that is the caller's business. */
  | { outcome: 'answered'; answer: MachineAnswer }
  /** A machine is there, and cannot do it now: it has no room, loads its model, or failed at no fault of the caller's. */
  | { outcome: 'busy'; answer: MachineAnswer }
  /** No machine, or none that was there until the end. */
  | { outcome: 'asleep' }
  | { outcome: 'late' }
  /** The answer is longer than can be passed on. */
  | { outcome: 'large' };

/** What is sent to a machine: `body` as it is; without one it is a `GET`. */
export interface MachineRequest {
  path: string;
  contentType?: string;
  body?: Buffer;
}

/** Headers of the services that mean something to a caller. */
const PASSED = ['content-type', 'retry-after', DEGRADED_HEADER];

/**
 * Asks the machines behind the load balancer, for so long and not longer: a service stops working for who has left.
 *
 * @param base URL of the load balancer
 * @param limits milliseconds for everything, bytes of the answer
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
    return body === undefined ? { outcome: 'large' } : judged(message, body);
  } catch {
    // Refused, reset, cut short, no such name: whatever it was, nobody is there to do the work.
    return { outcome: signal.aborted ? 'late' : 'asleep' };
  }
}

/** Node's own client: it knows no proxies and follows no redirects. */
async function exchange(
  base: string,
  { path, contentType, body }: MachineRequest,
  signal: AbortSignal,
  mostBytes: number,
): Promise<{ message: IncomingMessage; body?: string }> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = open(new URL(path, base), {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body !== undefined && { 'content-length': body.length }),
        ...(contentType !== undefined && { 'content-type': contentType }),
      },
      signal,
      // A connection of its own: those kept from an earlier invocation may be dead without our knowing.
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
    // Leaving the loop ends the connection.
    if (bytes > mostBytes) return { message };
    chunks.push(chunk);
  }
  return { message, body: Buffer.concat(chunks).toString('utf8') };
}

function judged({ statusCode: status = 0, headers }: IncomingMessage, body: string): MachineOutcome {
  const passed = PASSED.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  const answer: MachineAnswer = { status, headers: Object.fromEntries(passed), body };
  if (status >= 200 && status < 300) {
    if (headers['content-type']?.startsWith('text/event-stream') === true) {
      const event = /^data: (\{"error":.*)$/m.exec(body)?.[1] ?? '';
      const failure = codeOf(event);
      if (failure !== undefined) return failed(failure, event);
      // Cut off, however properly.
      if (!STREAM_END.test(body)) return { outcome: 'asleep' };
    }
    answer.audioSeconds = audioSecondsOf(headers);
    return { outcome: 'answered', answer };
  }
  // The load balancer's own answers are pages, and say that there is no service behind it.
  if (codeOf(body) === undefined) return { outcome: 'asleep' };
  return { outcome: status === 429 || status >= 500 ? 'busy' : 'answered', answer };
}

/** A stream begins with 200 whatever comes of it. Here its events come together, so that a failure has its own status. */
function failed(code: ErrorCode, body: string): MachineOutcome {
  const answer = { status: statusOf(code), headers: { 'content-type': 'application/json' }, body };
  return { outcome: isPermanent(code) ? 'answered' : 'busy', answer };
}

/** The code of a body that is an error of our services. */
function codeOf(body: string): ErrorCode | undefined {
  try {
    const { error } = JSON.parse(body) as Partial<ErrorBody>;
    return ERROR_CODES.find((code) => code === error?.code);
  } catch {
    return undefined;
  }
}

const isPermanent = (code: ErrorCode) => PERMANENT_CODES.some((permanent) => permanent === code);
