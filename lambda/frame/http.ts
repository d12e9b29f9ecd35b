import type { Context } from 'aws-lambda';
import { Allowance } from './allowance';
import { inTime, TooLate } from './deadline';
import type { JobStore } from '../../core/jobs/job-store';
import { lambdaHandler, reportFailure, type Tools } from './runtime';
import { isOverload } from './overload';
import { caller, type Request } from './caller';
import { type Begun, busy, Refusal, type Response, withJob } from './refusal';

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

const failed = (begun: Begun): Refusal =>
  new Refusal(
    500,
    'internal',
    withJob('Spotscribe failed; its log has the error under x-request-id', begun),
    begun,
  );
