import * as z from 'zod/mini';
import { SubmitJobRequest } from '../../core/contract/requests';
import { Refusal } from '../frame/refusal';
import { jobOptions } from '../../core/jobs/job-options';
import { validBody } from '../frame/valid-body';

const schema: z.ZodMiniType<SubmitJobRequest> = z.extend(SubmitJobRequest, {
  options: z.optional(jobOptions),
});

/** Limits of a deployment. */
export interface Limits {
  maxUploadBytes: number;
  /** Whether its path supports analyses. */
  analysis: boolean;
}

/**
 * Validates a request for a job.
 *
 * @throws Refusal (400) with the field, the expected value and the received value; (413) if the
 *   upload is too large
 */
export function parseSubmitJob(body: unknown, { maxUploadBytes, analysis }: Limits): SubmitJobRequest {
  const submitted = validBody(schema, body);
  const { size, multipart, options } = submitted;
  if (multipart === true && size === undefined) {
    throw new Refusal(
      400,
      'invalid_request',
      '"size" is required with "multipart", because it determines the number of parts; got nothing',
      { param: 'size' },
    );
  }
  if (options?.analysis && !analysis) {
    throw new Refusal(
      400,
      'invalid_request',
      '"options.analysis" is not supported by this deployment, which only transcribes. Leave it out, or deploy the path Hybrid or Voxtral',
      { param: 'options.analysis' },
    );
  }
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
  return submitted;
}

const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;

/** The request's `Idempotency-Key`, if it has one. */
export function idempotencyKey(headers: Record<string, string | undefined>): string | undefined {
  const key = headers['idempotency-key'];
  if (key !== undefined && !KEY_PATTERN.test(key)) {
    throw new Refusal(
      400,
      'invalid_request',
      'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces',
      {
        param: 'Idempotency-Key',
      },
    );
  }
  return key;
}
