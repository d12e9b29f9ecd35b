import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import type { ErrorBody, Measures } from '../../core/contract/values';
import type { JobRow } from '../../core/contract/job';
import type { Request } from '../../lambda/frame/caller';
import type { Response } from '../../lambda/frame/refusal';
import type { Tools } from '../../lambda/frame/runtime';

export const NOW = new Date('2026-03-01T12:00:00.000Z');
export const NOW_SECONDS = NOW.getTime() / 1000;
export const JOB_ID = 'job_0123456789abcdef0123456789abcdef';
export const TABLE = 'jobs-table';

/** Freezes the current time for the code under test, without stopping timers. */
export const freezeTime = () =>
  jest.useFakeTimers({ now: NOW, doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'setInterval'] });

/** A queued job's row. */
export const row = (change: Partial<JobRow> = {}): JobRow => ({
  id: JOB_ID,
  tenant: 'acme',
  status: 'queued',
  name: 'meeting.mp3',
  origin: 'api',
  input_key: `jobs/${JOB_ID}/input`,
  options: {},
  created_at: '2026-03-01T11:00:00.000Z',
  updated_at: '2026-03-01T11:00:00.000Z',
  progress: 0,
  stages: { transcript: 'waiting' },
  degraded: [],
  attempt: 0,
  open: 'open',
  sweep_at: NOW_SECONDS + 60,
  expires_at: NOW_SECONDS + 86_400,
  ...change,
});

/** The row of a job that has ended. */
export const ended = (status: JobRow['status'], change: Partial<JobRow> = {}): JobRow => {
  const made = { ...row({ status, finished_at: NOW.toISOString() }), ...change };
  delete made.open;
  delete made.sweep_at;
  return made;
};

/** A version of an object as S3 lists it. */
export const listed = (Key: string, change: object = {}) => ({
  Key,
  VersionId: 'v1',
  ETag: '"e1"',
  Size: 10,
  IsLatest: true,
  LastModified: new Date('2026-03-01T11:00:00.000Z'),
  ...change,
});

/** DynamoDB's error for a failed condition. */
export const conditionFailed = () =>
  new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });

/** An error as the SDK creates it from an answer. */
export const awsError = (name: string, change: object = {}) =>
  Object.assign(new Error(name), { name, $metadata: {}, ...change });

/** A request from the HTTP API, with header names in lower case. */
export const request = (change: {
  body?: string;
  headers?: Record<string, string>;
  query?: Record<string, string>;
  id?: string;
  path?: string;
  tenant?: string;
  /** Seconds of audio that the key may use each day. */
  quota?: number;
  /** Limits of other units per day. */
  units?: Measures;
  base64?: boolean;
}): Request =>
  ({
    version: '2.0',
    routeKey: '$default',
    rawPath: change.path ?? '/v1/jobs',
    headers: { 'content-type': 'application/json', ...change.headers },
    queryStringParameters: change.query,
    pathParameters: change.id === undefined ? undefined : { id: change.id },
    requestContext: {
      timeEpoch: Date.now(),
      authorizer: {
        lambda: {
          tenant: change.tenant ?? 'acme',
          key_id: 'key_1',
          ...((change.quota ?? change.units) !== undefined && {
            units_per_day: JSON.stringify({ audio_second: change.quota, ...change.units }),
          }),
        },
      },
    },
    body: change.body,
    isBase64Encoded: change.base64 ?? false,
  }) as unknown as Request;

export const bodyOf = <T>(response: Response): T => JSON.parse(response.body ?? '') as T;

export const errorOf = (response: Response): ErrorBody['error'] => bodyOf<ErrorBody>(response).error;

/** Tools as the runtime creates them. Their output is silenced. */
export function quietTools(): Tools {
  return {
    logger: new Logger({ logLevel: 'SILENT' }),
    metrics: new Metrics({ namespace: 'Test', serviceName: 'test' }),
    tracer: new Tracer({ enabled: false }),
  };
}

/** Silences the console, to which handlers write logs and metrics, and records the output. */
export function silenceConsole(): { written: () => string } {
  // Makes the logger and the metrics write to this console instead of their own.
  process.env.POWERTOOLS_DEV = 'true';
  const methods = ['log', 'debug', 'info', 'warn', 'error'] as const;
  const spies = methods.map((method) => jest.spyOn(console, method).mockImplementation(() => undefined));
  return { written: () => spies.map((spy) => JSON.stringify(spy.mock.calls)).join('\n') };
}

export const lambdaContext = {
  functionName: 'test',
  awsRequestId: 'request-1',
  getRemainingTimeInMillis: () => 29_000,
} as Context;
