import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda';
import { Allowance } from './allowance';
import { type ErrorCode, JOB_HEADER } from './contract';
import { inTime, TooLate } from './deadline';
import { errorBody } from './error-body';
import type { JobStore } from './job-store';
import { usedUpHeaders, usedUpMessage } from './quota';
import { lambdaHandler, reportFailure, type Tools } from './runtime';
import { shown } from './text';
import { isOverload } from './overload';

/** What the authorizer says of the caller. */
export interface Caller {
  tenant: string;
  key_id: string;
  /** Seconds of audio that the key may use each UTC day. @default - no limit */
  audio_seconds_per_day?: number;
}

/** The authorizer could not look the key up. */
export interface Unchecked {
  unchecked: true;
}

/** Of a key that nobody knows the authorizer says nothing. */
export type Request = APIGatewayProxyEventV2WithLambdaAuthorizer<
  (Partial<Caller> & Partial<Unchecked>) | null
>;
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
      /** Whether OpenAI's clients are to repeat the request by themselves. @default - they go by the status */
      shouldRetry?: boolean;
      /** The job that the request made, or may have made. @default - none */
      jobId?: string;
    } = {},
  ) {
    super(message);
  }

  get response(): Response {
    const { param, retryAfterSeconds, headers, shouldRetry, jobId } = this.options;
    const body = errorBody(this.status, this.code, this.message, param, jobId);
    return json(this.status, body, {
      ...headers,
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      ...(shouldRetry !== undefined && { 'x-should-retry': String(shouldRetry) }),
      ...(jobId !== undefined && { [JOB_HEADER]: jobId, location: `/v1/jobs/${jobId}` }),
    });
  }
}

/** The job that a request has made, or may have made: an answer that fails must name it. */
export interface Begun {
  jobId?: string;
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

/** The API's gateway gives up 30 seconds after a request arrived: everything is answered by then, or refused. */
export const ANSWER_SECONDS = 28;

/** Left for the answer itself when a function's time is nearly up. */
const MARGIN_MS = 1000;

/**
 * An HTTP handler, the frame of every route. A request without a valid key is refused here, before `handle`: the
 * authorizer lets every request pass (see there). Refusals become answers. An AWS service that is overloaded, or too slow
 * for the function's time, becomes a 503 that says when to come back and names the job that was begun. Any other error is
 * logged, counted for the alarm and answered with 500. Every answer has the gateway's id of the request, which the access
 * log has too. Every answer to a key with a quota says what is left.
 */
export function httpHandler<Dependencies extends Metered>(
  prepare: (tools: Tools) => Dependencies,
  handle: (
    request: Request,
    dependencies: Dependencies,
    tools: Tools,
    allowance: Allowance,
    begun: Begun,
  ) => Promise<Response>,
) {
  return lambdaHandler(prepare, async (request: Request, dependencies: Dependencies, tools, context) => {
    const begun: Begun = {};
    const known: { allowance?: Allowance } = {};
    const work = async () => {
      known.allowance = await Allowance.of(caller(request), dependencies.store.usage, new Date());
      return handle(request, dependencies, tools, known.allowance, begun);
    };
    const answer = await framed(request, tools, () => inTime(lastMoment(request, context), work()), begun);
    return { ...answer, headers: { ...answer.headers, ...known.allowance?.headers } };
  });
}

/**
 * What every answer has: the shape of refusals, and the id of the request.
 *
 * @param begun what a 500 or 503 names. @default - nothing is begun
 */
export async function framed(
  { requestContext: { requestId } }: Request,
  tools: Tools,
  work: () => Promise<Response>,
  begun: Begun = {},
): Promise<Response> {
  tools.logger.appendKeys({ request_id: requestId });
  const response = await answered(tools, begun, work);
  const headers: Response['headers'] = { ...response.headers, 'x-request-id': requestId };
  return { ...response, headers };
}

/** Epoch milliseconds at which the request must have an answer, whatever it waits for. */
function lastMoment({ requestContext }: Request, context: Context): number {
  const ownMs = Date.now() + context.getRemainingTimeInMillis();
  return Math.min(ownMs - MARGIN_MS, requestContext.timeEpoch + ANSWER_SECONDS * 1000 + MARGIN_MS / 2);
}

async function answered(tools: Tools, begun: Begun, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return error.response;
    if (error instanceof TooLate || isOverload(error)) {
      tools.logger.warn('overloaded', error as Error);
      return busy(begun).response;
    }
    // Thrown on, it would be answered by the gateway: not in OpenAI's shape, and without the job's id.
    reportFailure(tools, error as Error);
    return failed(begun).response;
  }
}

const busy = (begun: Begun = {}): Refusal =>
  new Refusal(503, 'busy', withJob('Spotscribe is busy; try again in a moment', begun), {
    retryAfterSeconds: 2,
    ...begun,
  });

const failed = (begun: Begun): Refusal =>
  new Refusal(
    500,
    'internal',
    withJob('Spotscribe failed; its log has the error under x-request-id', begun),
    begun,
  );

const withJob = (message: string, { jobId }: Begun): string =>
  jobId === undefined
    ? message
    : `${message}. This request may have made job ${jobId}: GET /v1/jobs/${jobId} says what became of it`;

/**
 * @throws Refusal (503) if the key could not be looked up; (401) if the request has no key, or one that is not known or
 *   has been revoked
 */
export function caller({
  requestContext,
  headers,
}: Pick<Request, 'requestContext'> & Partial<Pick<Request, 'headers'>>): Caller {
  // A route that lacks its authorizer by mistake has no context, and lets nobody in.
  const { tenant, key_id, unchecked, ...more } = requestContext.authorizer?.lambda ?? {};
  if (unchecked !== undefined) throw busy();
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
