import * as z from 'zod/mini';
import { SubmitJobRequest } from '../../core/contract/api';
import type { DeployedTasks, SubmittedTasks } from '../../core/contract/tasks';
import { Refusal } from '../frame/refusal';
import { jobOptions } from '../../core/tasks/accepted-options';
import { validBody } from '../frame/valid-body';
import { requestedTasks } from './requested-tasks';

const schema = z.extend(SubmitJobRequest, {
  options: z.optional(jobOptions),
  // Validated with the deployment's tasks.
  tasks: z.optional(z.record(z.string(), z.unknown())),
}) as z.ZodMiniType<SubmitJobRequest>;

/** A valid request, with the tasks of its job. */
export interface SubmittedJob extends SubmitJobRequest {
  tasks: SubmittedTasks;
  /** Whether the request names its tasks. */
  isNamed: boolean;
}

/** Limits of a deployment. */
export interface Limits {
  maxUploadBytes: number;
  deployed: DeployedTasks;
}

/**
 * Validates a request for a job.
 *
 * @throws Refusal (400) with the field, the expected value and the received value; (413) if the
 *   upload is too large; (415) if a task does not take the media type
 */
export function parseSubmitJob(body: unknown, { maxUploadBytes, deployed }: Limits): SubmittedJob {
  const submitted = validBody(schema, body);
  const { size, multipart } = submitted;
  if (multipart === true && size === undefined) {
    throw new Refusal(
      400,
      'invalid_request',
      '"size" is required with "multipart", because it determines the number of parts; got nothing',
      { param: 'size' },
    );
  }
  const tasks = requestedTasks(submitted, deployed);
  if (size !== undefined && size > maxUploadBytes) {
    throw new Refusal(
      413,
      'upload_too_large',
      `"size" must be at most ${maxUploadBytes} bytes; got ${size}`,
      {
        param: 'size',
      },
    );
  }
  return { ...submitted, tasks, isNamed: submitted.tasks !== undefined };
}
