import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda';
import { Allowance } from './allowance';
import type { ErrorCode } from './contract';
import { errorBody } from './error-body';
import type { JobStore } from './job-store';
import { usedUpHeaders, usedUpMessage } from './quota';
import { lambdaHandler, type Tools } from './runtime';
import { shown } from './text';
import { isOverload } from './overload';

/** What the authorizer says of the caller. */
export interface Caller {
  tenant: string;
  key_id: string;
  /** Seconds of audio that the key may use each UTC day. @default - no limit */
  audio_seconds_per_day?: number;
}

/** Of a key that nobody knows the authorizer says nothing. */
export type Request = APIGatewayProxyEventV2WithLambdaAuthorizer<Partial<Caller> | null>;
export type Response = APIGatewayProxyStructuredResultV2;

/** A request is refused: answered with this status and the body of OpenAI's API. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    message: string,
    readonly options: {
      param?: string;
      retryAfterSeconds?: number;
      headers?: Record<string, string>;
    } = {},
  ) {
    super(message);
  }

  get response(): Response {
    const { param, retryAfterSeconds, headers } = this.options;
    const body = errorBody(this.status, this.code, this.message, param);
    const response = json(this.status, body, headers);
    if (retryAfterSeconds !== undefined)
      response.headers = { ...response.headers, 'retry-after': String(retryAfterSeconds) };
    return response;
  }
}

export function json(statusCode: number, body: unknown, headers: Record<string, string> = {}): Response {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

/** One answer for jobs that do not exist and jobs of others, so that ids cannot be probed. */
export const jobNotFound = (id: string) => new Refusal(404, 'not_found', `There is no job ${shown(id)}`);

/** Dependencies that know how much audio keys have used. */
interface Metered {
  store: Pick<JobStore, 'usage'>;
}

/**
 * An HTTP handler, the frame of every route. A request without a valid key is refused here, before `handle`: the
 * authorizer lets every request pass (see there). Refusals become answers, an overloaded AWS becomes a 503 that says when
 * to come back. Every answer has the gateway's id of the request, which the access log has too, and every answer to a key
 * with a quota says what is left of it.
 */
export function httpHandler<Dependencies extends Metered>(
  prepare: (tools: Tools) => Dependencies,
  handle: (
    request: Request,
    dependencies: Dependencies,
    tools: Tools,
    allowance: Allowance,
  ) => Promise<Response>,
) {
  return lambdaHandler(prepare, async (request: Request, dependencies: Dependencies, tools) => {
    const { requestId } = request.requestContext;
    tools.logger.appendKeys({ request_id: requestId });
    const response = await answered(tools, async () => {
      const allowance = await Allowance.of(caller(request), dependencies.store.usage, new Date());
      const answer = await answered(tools, () => handle(request, dependencies, tools, allowance));
      return { ...answer, headers: { ...answer.headers, ...allowance.headers } };
    });
    const headers: Response['headers'] = { ...response.headers, 'x-request-id': requestId };
    return { ...response, headers };
  });
}

async function answered({ logger }: Tools, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return error.response;
    if (!isOverload(error)) throw error;
    logger.warn('overloaded', error as Error);
    return new Refusal(503, 'busy', 'Spotscribe is busy; try again in a moment', { retryAfterSeconds: 2 })
      .response;
  }
}

/** @throws Refusal (401) if the request has no key, or one that is not known or has been revoked */
export function caller({
  requestContext,
  headers,
}: Pick<Request, 'requestContext'> & Partial<Pick<Request, 'headers'>>): Caller {
  // A route that lacks its authorizer by mistake has no context, and lets nobody in.
  const { tenant, key_id, ...more } = requestContext.authorizer?.lambda ?? {};
  if (tenant !== undefined && key_id !== undefined) return { tenant, key_id, ...more };
  const message =
    headers?.authorization === undefined
      ? "The API key is missing. Send 'Authorization: Bearer <key>'"
      : 'The API key is not known, or has been revoked';
  throw new Refusal(401, 'unauthorized', message, { headers: { 'www-authenticate': 'Bearer' } });
}

/** @throws Refusal (429) if the caller has used up the day's quota: new work is not begun */
export function refuseUsedUp({ isUsedUp, quota, now }: Allowance): void {
  if (!isUsedUp) return;
  throw new Refusal(429, 'quota_exceeded', usedUpMessage(quota, now), { headers: usedUpHeaders(now) });
}

const MAX_BODY_BYTES = 64 * 1024;
const MAX_DEPTH = 8;

/** The JSON body of a request. No body is an empty object. */
export function jsonBody(request: Request): unknown {
  const text = request.isBase64Encoded
    ? Buffer.from(request.body ?? '', 'base64').toString('utf8')
    : (request.body ?? '');
  if (text === '') return {};
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new Refusal(
      415,
      'unsupported_media_type',
      `Content-Type must be application/json; got ${shown(type)}`,
    );
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BODY_BYTES) {
    throw new Refusal(
      413,
      'invalid_request',
      `The body must be at most ${MAX_BODY_BYTES} bytes; got ${bytes}. Audio goes to the upload's address.`,
    );
  }
  if (depth(text) > MAX_DEPTH) {
    throw new Refusal(400, 'invalid_request', `The body must not be nested deeper than ${MAX_DEPTH} levels`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'invalid_request', 'The body is not valid JSON');
  }
}

/** How deep brackets nest outside of strings: measured before parsing, for bodies made to exhaust a parser. */
function depth(text: string): number {
  let deepest = 0;
  let open = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (quoted) at += character === '\\' ? 1 : 0;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++open);
    else if (character === '}' || character === ']') open--;
  }
  return deepest;
}
