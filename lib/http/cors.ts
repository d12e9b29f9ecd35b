import { Duration } from 'aws-cdk-lib';
import { CorsHttpMethod, type CorsPreflightOptions } from 'aws-cdk-lib/aws-apigatewayv2';
import { DEGRADED_HEADER, JOB_HEADER } from '../../core/contract/http';

/** Headers (`x-stainless-…`) that OpenAI's client sends from a browser. */
const CLIENT = [
  'arch',
  'lang',
  'os',
  'package-version',
  'retry-count',
  'runtime',
  'runtime-version',
  'timeout',
];

const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'idempotency-key',
  'openai-organization',
  'openai-project',
  'prefer',
  ...CLIENT.map((name) => `x-stainless-${name}`),
];

const EXPOSED_HEADERS = [
  'location',
  'preference-applied',
  'retry-after',
  'x-ratelimit-limit-audio-seconds',
  'x-ratelimit-remaining-audio-seconds',
  'x-ratelimit-reset-audio-seconds',
  'x-request-id',
  'x-should-retry',
  DEGRADED_HEADER,
  JOB_HEADER,
];

/**
 * CORS configuration for web pages of these origins, which also need a key. Undefined allows none.
 */
export const corsOf = (origins: readonly string[] | undefined): CorsPreflightOptions | undefined =>
  origins && {
    allowOrigins: [...origins],
    allowMethods: [CorsHttpMethod.DELETE, CorsHttpMethod.GET, CorsHttpMethod.POST],
    allowHeaders: ALLOWED_HEADERS,
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: Duration.hours(1),
  };
