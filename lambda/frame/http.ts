import type { Context } from 'aws-lambda';
import { Allowance } from './allowance';
import { inTime, TooLate } from './deadline';
import type { JobStore } from '../../core/jobs/job-store';
import { lambdaHandler, reportFailure, type Tools } from './runtime';
import { isOverload } from './overload';
import { caller, type Request } from './caller';
import { type Begun, busy, Refusal, type Response, withJob } from './refusal';

/** Dependencies that can read how much audio a key has used. */
interface Metered {
  store: Pick<JobStore, 'usage'>;
}

/** Seconds from a request's arrival to its answer. The API gateway's timeout is 30 seconds. */
export const ANSWER_SECONDS = 28;

/** Time reserved for sending the answer before a function times out. */
const MARGIN_MS = 1000;

/**
 * Wraps the handler of an HTTP route:
 *
 * - A request without a valid key is refused before `handle` runs, because the authorizer lets
 *   every request pass (see `authorize.ts`).
 * - A `Refusal` becomes an error answer.
 * - If an AWS service is overloaded, or too slow for the function's timeout, the answer is 503 with
 *   `Retry-After` and the id of the job, if one was created.
 * - Any other error is logged, counted for the alarm and answered with 500.
 * - Every answer has the gateway's request id, which is also in the access log.
 * - Every answer to a key with a quota has headers with the remaining quota.
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
    const answer = await framed(request, tools, () => inTime(deadlineOf(request, context), work()), begun);
    return { ...answer, headers: { ...answer.headers, ...known.allowance?.headers } };
  });
}

/**
 * Turns errors into answers, and adds the request id.
 *
 * @param begun the job that a 500 or 503 names. @default - none
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

/** Epoch milliseconds by which the request must be answered. */
function deadlineOf({ requestContext }: Request, context: Context): number {
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
    // If it were rethrown, the gateway would answer, without OpenAI's error body and the job's id.
    reportFailure(tools, error as Error);
    return failed(begun).response;
  }
}

const failed = (begun: Begun): Refusal =>
  new Refusal(
    500,
    'internal',
    withJob('Internal error; search the logs for the x-request-id of this response', begun),
    begun,
  );
