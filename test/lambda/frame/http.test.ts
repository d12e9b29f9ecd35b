import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { type Allowance, refuseUsedUp } from '../../../lambda/frame/allowance';
import { JOB_HEADER } from '../../../core/contract/http';
import { httpHandler } from '../../../lambda/frame/http';
import { jobNotFound, json, Refusal, type Response } from '../../../lambda/frame/refusal';
import type { Request } from '../../../lambda/frame/caller';
import { jsonBody } from '../../../lambda/frame/json-body';
import type { Tools } from '../../../lambda/frame/runtime';
import { UsageStore } from '../../../core/usage/usage-store';
import {
  awsError,
  errorOf,
  freezeTime,
  JOB_ID,
  lambdaContext,
  request,
  silenceConsole,
  TABLE,
} from '../../support/support';

const dynamo = mockClient(DynamoDBDocumentClient);
const store = { usage: new UsageStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE) };

beforeEach(() => {
  silenceConsole();
  dynamo.reset();
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('a refusal', () => {
  test('has the body of OpenAI’s API', () => {
    const refusal = new Refusal(400, 'invalid_request', 'No.', { param: 'limit' });
    expect(refusal.response).toEqual({
      statusCode: 400,
      headers: { 'content-type': 'application/json' },
      body: '{"error":{"message":"No.","type":"invalid_request_error","param":"limit","code":"invalid_request"}}',
    });
  });

  test.each([
    [400, 'invalid_request_error'],
    [404, 'invalid_request_error'],
    [429, 'rate_limit_error'],
    [500, 'server_error'],
    [503, 'server_error'],
  ])('of status %d is a %s', (status, type) => {
    expect(errorOf(new Refusal(status, 'busy', 'No.').response)).toMatchObject({ type, param: null });
  });

  test('has Retry-After, also when it is 0', () => {
    expect(new Refusal(503, 'busy', 'No.', { retryAfterSeconds: 0 }).response.headers).toEqual({
      'content-type': 'application/json',
      'retry-after': '0',
    });
  });

  test('escapes an id in its message', () => {
    expect(errorOf(jobNotFound('"\n').response).message).toBe('There is no job "\\"\\n"');
  });
});

describe('a body', () => {
  const refusalOf = (change: Parameters<typeof request>[0]) => {
    try {
      jsonBody(request(change));
    } catch (error) {
      return error as Refusal;
    }
    throw new Error('The body was taken');
  };

  test('is parsed, with or without base64', () => {
    const body = '{"name":"تسجيل"}';
    expect(jsonBody(request({ body }))).toEqual({ name: 'تسجيل' });
    expect(jsonBody(request({ body: Buffer.from(body).toString('base64'), base64: true }))).toEqual({
      name: 'تسجيل',
    });
  });

  test('is optional', () => {
    expect(jsonBody(request({}))).toEqual({});
    expect(jsonBody(request({ body: '', headers: { 'content-type': 'text/plain' } }))).toEqual({});
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset=UTF-8'])(
    'may be of type %s',
    (type) => {
      expect(jsonBody(request({ body: '{}', headers: { 'content-type': type } }))).toEqual({});
    },
  );

  test.each([
    '',
    'text/plain',
    'application/jsonp',
    'application/x-www-form-urlencoded',
    'x/application/json',
  ])('must not be of type %j', (type) => {
    expect(refusalOf({ body: '{}', headers: { 'content-type': type } })).toMatchObject({
      status: 415,
      code: 'unsupported_media_type',
      message: `Content-Type must be application/json; got ${JSON.stringify(type)}`,
    });
  });

  test.each(['{', 'name=a', "{'name': 1}", '{"name": 1,}', '\u0000'])('must be JSON: %j', (body) => {
    expect(refusalOf({ body })).toMatchObject({ status: 400, message: 'The body is not valid JSON' });
  });

  const padded = (bytes: number) =>
    `{"name":"${'ä'.repeat((bytes - 11) / 2)}"}${' '.repeat((bytes - 11) % 2)}`;

  test('may have 64 KiB and no more, counted in bytes', () => {
    expect(Buffer.byteLength(padded(65_536))).toBe(65_536);
    expect(jsonBody(request({ body: padded(65_536) }))).toHaveProperty('name');
    expect(refusalOf({ body: padded(65_537) })).toMatchObject({
      status: 413,
      message: 'The body must be at most 65536 bytes; got 65537. Send the input to the upload URL',
    });
  });

  test('may nest eight levels deep and no deeper', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(jsonBody(request({ body: nested(8) }))).toEqual([[[[[[[[]]]]]]]]);
    expect(refusalOf({ body: nested(9) })).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(refusalOf({ body: '{"a":'.repeat(10_000) })).toMatchObject({ status: 400 });
  });

  test.each(['{"tasks":{"__proto__":{}}}', '{"\\u005f_proto__":1}'])('names no prototype: %s', (body) => {
    expect(refusalOf({ body })).toMatchObject({
      status: 400,
      message: '"__proto__" is not the name of a field. Remove it',
    });
    expect(jsonBody(request({ body: '{"name":"__proto__"}' }))).toEqual({ name: '__proto__' });
  });

  test('may have brackets in its strings, as file names do', () => {
    const name = 'take [[[[[[[[[[1 \\" {{{{{{{{{{.mp3';
    expect(jsonBody(request({ body: `{"name":"${name}"}` }))).toEqual({ name: JSON.parse(`"${name}"`) });
  });
});

describe('a handler', () => {
  const answer = (handle: () => Promise<Response>) =>
    httpHandler(() => ({ store }), handle)(request({}), lambdaContext);
  const failing = (error: Error) => answer(() => Promise.reject(error));

  test('returns the answer', async () => {
    expect(await answer(async () => json(201, { id: 1 }, { location: '/1' }))).toEqual({
      statusCode: 201,
      headers: { 'content-type': 'application/json', location: '/1' },
      body: '{"id":1}',
    });
  });

  test.each<[string, Partial<Request['requestContext']>, () => Promise<Response>]>([
    ['an answer', {}, async () => json(200, {})],
    ['a refusal', {}, () => Promise.reject(new Refusal(400, 'invalid_request', 'No.'))],
    ['an overload', {}, () => Promise.reject(awsError('ThrottlingException'))],
    ['a request without a key', { authorizer: { lambda: null } }, async () => json(200, {})],
  ])('adds the gateway’s request id to %s', async (_, context, handle) => {
    const event = request({});
    Object.assign(event.requestContext, { requestId: 'JKJaXmPLvHcESHA=', ...context });
    const response = await httpHandler(() => ({ store }), handle)(event, lambdaContext);
    expect(response.headers).toMatchObject({ 'x-request-id': 'JKJaXmPLvHcESHA=' });
  });

  test('distinguishes an unknown key from a missing one', async () => {
    const event = request({ headers: { authorization: 'Bearer sk-spotscribe-other' } });
    event.requestContext.authorizer = { lambda: {} };
    const response = await httpHandler(
      () => ({ store }),
      async () => json(200, {}),
    )(event, lambdaContext);
    expect(errorOf(response).message).toBe('The API key is unknown or has been revoked');
  });

  test('answers with a thrown refusal', async () => {
    const response = await failing(new Refusal(409, 'not_ready', 'Not yet.'));
    expect(response.statusCode).toBe(409);
  });

  test.each([
    awsError('ThrottlingException'),
    awsError('ProvisionedThroughputExceededException'),
    awsError('RequestLimitExceeded'),
    awsError('TransactionConflictException'),
    awsError('TransactionCanceledException', { CancellationReasons: [{ Code: 'TransactionConflict' }] }),
    awsError('InternalServerError'),
    awsError('SlowDown'),
    awsError('ServiceUnavailable'),
    awsError('InternalError'),
    awsError('TimeoutError'),
    awsError('Error', { code: 'ECONNRESET' }),
  ])('asks for a retry if AWS answers $name', async (error) => {
    const response = await failing(error);
    expect(response).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } });
    expect(errorOf(response)).toEqual({
      message: 'Spotscribe is busy; try again in a moment',
      type: 'server_error',
      param: null,
      code: 'busy',
    });
  });

  test.each([
    awsError('AccessDeniedException'),
    awsError('ValidationException'),
    awsError('SerializationException'),
    awsError('TransactionCanceledException', {
      CancellationReasons: [{ Code: 'None' }, { Code: 'ValidationError' }],
    }),
    new TypeError('a bug'),
  ])('answers $name with 500, logs its stack and counts it for the alarm', async (error) => {
    const { written } = silenceConsole();
    const counted = jest.spyOn(Metrics.prototype, 'addMetric');
    const response = await failing(error);
    expect(response.statusCode).toBe(500);
    expect(errorOf(response)).toEqual({
      message: 'Internal error; search the logs for the x-request-id of this response',
      type: 'server_error',
      param: null,
      code: 'internal',
    });
    expect(written()).toContain('http.test.ts:');
    expect(counted.mock.calls).toEqual([['Failures', 'Count', 1]]);
  });

  test('does not count a failure after the deadline', async () => {
    const { written } = silenceConsole();
    const counted = jest.spyOn(Metrics.prototype, 'addMetric');
    let fail: (error: Error) => void = () => undefined;
    const handle = httpHandler(
      () => ({ store }),
      () => new Promise<Response>((_, reject) => (fail = reject)),
    );
    const response = await handle(request({}), { ...lambdaContext, getRemainingTimeInMillis: () => 1000 });
    expect(response.statusCode).toBe(503);
    fail(new TypeError('a bug'));
    await new Promise(setImmediate);
    expect(counted).not.toHaveBeenCalled();
    expect(written()).not.toContain('a bug');
  });

  test.each([
    [500, new TypeError('a bug')],
    [503, awsError('ThrottlingException')],
  ])('names the created job and the request in a %d', async (status, error) => {
    const event = request({});
    Object.assign(event.requestContext, { requestId: 'JKJaXmPLvHcESHA=' });
    const handle = httpHandler(
      () => ({ store }),
      async (_request, _dependencies, _tools, _allowance, begun) => {
        begun.jobId = JOB_ID;
        throw error;
      },
    );
    const response = await handle(event, lambdaContext);
    expect(response).toMatchObject({
      statusCode: status,
      headers: { [JOB_HEADER]: JOB_ID, location: `/v1/jobs/${JOB_ID}`, 'x-request-id': 'JKJaXmPLvHcESHA=' },
    });
    expect(errorOf(response)).toMatchObject({ job_id: JOB_ID, message: expect.stringContaining(JOB_ID) });
  });
});

describe('a caller', () => {
  const handle = jest.fn(async () => json(200, {}));
  const answer = (requestContext: unknown) =>
    httpHandler(() => ({ store }), handle)({ ...request({}), requestContext } as Request, lambdaContext);
  beforeEach(() => handle.mockClear());

  test.each([
    ['no context', { authorizer: { lambda: {} } }],
    ['a context that is null', { authorizer: { lambda: null } }],
    ['no authorizer', {}],
    ['no key', { authorizer: { lambda: { tenant: 'acme' } } }],
    ['no tenant', { authorizer: { lambda: { key_id: 'key_1' } } }],
  ])('without context from the authorizer is refused before anything is read: %s', async (_, context) => {
    const response = await answer(context);
    expect(response.statusCode).toBe(401);
    expect(response.headers).toMatchObject({ 'www-authenticate': 'Bearer' });
    expect(errorOf(response)).toEqual({
      message: "The API key is missing. Send 'Authorization: Bearer <key>'",
      type: 'invalid_request_error',
      param: null,
      code: 'unauthorized',
    });
    expect(handle).not.toHaveBeenCalled();
    expect(dynamo.calls()).toHaveLength(0);
  });

  test('without a quota causes no read of the counters and gets no quota headers', async () => {
    const response = await answer(request({}).requestContext);
    expect(response).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(dynamo.calls()).toHaveLength(0);
  });
});

describe('a key with a quota', () => {
  type Handle = (
    request: Request,
    dependencies: object,
    tools: Tools,
    allowance: Allowance,
  ) => Promise<Response>;
  const answer = (handle: Handle) =>
    httpHandler(() => ({ store }), handle)(request({ quota: 600 }), lambdaContext);
  const used = (seconds: number) => dynamo.on(GetCommand).resolves({ Item: { seconds } });
  const left = (remaining: string) => ({
    'x-ratelimit-limit-audio-seconds': '600',
    'x-ratelimit-remaining-audio-seconds': remaining,
    'x-ratelimit-reset-audio-seconds': '43200s',
  });
  beforeEach(() => void freezeTime());

  test('gets the remaining quota in every answer, including refusals', async () => {
    used(100);
    expect((await answer(async () => json(200, {}))).headers).toMatchObject(left('500'));
    const refused = await answer(() => Promise.reject(jobNotFound('x')));
    expect(refused.statusCode).toBe(404);
    expect(refused.headers).toMatchObject(left('500'));
  });

  test('may continue while any quota is left, and gets the new remainder', async () => {
    used(599.9);
    const response = await answer(async (_request, _dependencies, tools, allowance) => {
      refuseUsedUp(allowance, ['audio_second']);
      await allowance.count({ sha256: 'a', measures: { audio_second: 120 } }, Date.now() + 1000, tools);
      return json(200, {});
    });
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject(left('0'));
  });

  test('is refused new work when nothing is left, with the limit and the remedy', async () => {
    used(600);
    const response = await answer(async (_request, _dependencies, _tools, allowance) => {
      refuseUsedUp(allowance, ['audio_second']);
      return json(200, {});
    });
    expect(response.statusCode).toBe(429);
    expect(response.headers).toMatchObject({
      ...left('0'),
      'retry-after': '43200',
      'x-should-retry': 'false',
    });
    expect(errorOf(response)).toMatchObject({
      type: 'rate_limit_error',
      code: 'quota_exceeded',
      message: expect.stringMatching(/10 minutes of audio per day.*2026-03-02T00:00:00.000Z.*raise it$/),
    });
  });

  test('is refused while the counters cannot be read', async () => {
    dynamo.on(GetCommand).rejects(awsError('ThrottlingException'));
    const handle = jest.fn(async () => json(200, {}));
    expect((await answer(handle)).statusCode).toBe(503);
    expect(handle).not.toHaveBeenCalled();
  });
});
