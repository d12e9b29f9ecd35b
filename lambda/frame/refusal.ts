import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ErrorCode } from '../../core/contract/names';
import { JOB_HEADER } from '../../core/contract/http';
import { errorBody } from '../../core/contract/errors';
import { shown } from '../../core/contract/text';

export type Response = APIGatewayProxyStructuredResultV2;

/** A refused request: an answer with this status and an error body in OpenAI's format. */
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
      /** Whether OpenAI's clients retry automatically. @default - they decide by the status */
      shouldRetry?: boolean;
      /** The job that the request created, or may have created. @default - none */
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

/**
 * The job that a request created, or may have created. If the request fails, its answer must name
 * the job.
 */
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

/** The same answer for unknown jobs and for jobs of other tenants, so that ids cannot be probed. */
export const jobNotFound = (id: string) => new Refusal(404, 'not_found', `There is no job ${shown(id)}`);

/** An AWS service is overloaded, or too slow. */
export const busy = (begun: Begun = {}): Refusal =>
  new Refusal(503, 'busy', withJob('Spotscribe is busy; try again in a moment', begun), {
    retryAfterSeconds: 2,
    ...begun,
  });

/** Adds the job that the request may have created to an error message. */
export const withJob = (message: string, { jobId }: Begun): string =>
  jobId === undefined
    ? message
    : `${message}. This request may have created job ${jobId}: get its status from GET /v1/jobs/${jobId}`;
