import { ENV } from '../../../core/contract/environment';
import { handler } from '../../../lambda/api/no-route';
import { matchesRoute } from '../../../core/contract/http';
import { errorOf, lambdaContext, request, silenceConsole } from '../../support/support';

const ROUTES = [
  'GET /v1/jobs',
  'POST /v1/jobs',
  'GET /v1/jobs/{id}',
  'DELETE /v1/jobs/{id}',
  'GET /v1/models/{id+}',
];

function ask(method: string, path: string, lambda: object | null = { tenant: 'acme', key_id: 'key_1' }) {
  const event = request({ path });
  Object.assign(event, { routeKey: '$default' });
  Object.assign(event.requestContext, { requestId: 'r-1', http: { method }, authorizer: { lambda } });
  return handler(event, lambdaContext);
}

beforeEach(() => {
  silenceConsole();
  process.env[ENV.routes] = ROUTES.join(',');
});
afterEach(() => {
  delete process.env[ENV.routes];
  jest.restoreAllMocks();
});

test.each(['/', '/v1', '/v1/job', '/v1/jobs/', '/v1/jobs/a/b', '/v1/models/', `/${'x'.repeat(5000)}`])(
  'there is nothing at %s: 404',
  async (path) => {
    const response = await ask('GET', path);
    expect(response).toMatchObject({ statusCode: 404, headers: { 'x-request-id': 'r-1' } });
    expect(errorOf(response)).toMatchObject({ code: 'not_found', type: 'invalid_request_error' });
    expect(errorOf(response).message.length).toBeLessThan(200);
  },
);

test.each([
  ['PUT', '/v1/jobs', 'GET, POST'],
  ['OPTIONS', '/v1/jobs', 'GET, POST'],
  ['POST', '/v1/jobs/job_1', 'DELETE, GET'],
  ['POST', '/v1/models/openai/whisper-large-v3', 'GET'],
])('%s %s: 405, with the supported methods', async (method, path, allow) => {
  const response = await ask(method, path);
  expect(response).toMatchObject({ statusCode: 405, headers: { allow, 'x-request-id': 'r-1' } });
  expect(errorOf(response)).toMatchObject({ code: 'invalid_request' });
});

test('a request without a key gets 401', async () => {
  for (const path of ['/v1/jobs', '/nothing'])
    expect(await ask('PUT', path, null)).toMatchObject({ statusCode: 401 });
});

test('a preflight request requires no key and gets an empty answer', async () => {
  const event = request({ path: '/v1/jobs' });
  Object.assign(event, { routeKey: 'OPTIONS /{proxy+}' });
  event.requestContext.authorizer = undefined as never;
  const { statusCode, body } = await handler(event, lambdaContext);
  expect([statusCode, body]).toEqual([204, undefined]);
});

test.each([
  ['/v1/models/{id+}', '/v1/models/a', true],
  ['/v1/models/{id+}', '/v1/models/a/b', true],
  ['/v1/models/{id+}', '/v1/models', false],
  ['/v1/models/{id+}', '/v1/models/', false],
  ['/v1/jobs/{id}', '/v1/jobs/a', true],
  ['/v1/jobs/{id}', '/v1/jobs/a/b', false],
  ['/v1/jobs', '/v1/jobs', true],
  ['/v1/jobs', '/V1/jobs', false],
])('the route %s and the path %s: %j', (pattern, path, matches) =>
  expect(matchesRoute(pattern, path)).toBe(matches),
);
