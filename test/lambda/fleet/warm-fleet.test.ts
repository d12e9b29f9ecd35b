import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { WarmRow } from '../../../core/contract/machine';
import { WarmView } from '../../../core/contract/warm';
import { JobStore } from '../../../core/jobs/job-store';
import { type Dependencies, warmFleet } from '../../../lambda/fleet/warm-fleet';
import { httpHandler } from '../../../lambda/frame/http';
import {
  bodyOf,
  errorOf,
  freezeTime,
  lambdaContext,
  NOW,
  request,
  silenceConsole,
  TABLE,
} from '../../support/support';

const lambda = mockClient(LambdaClient);
let row: WarmRow | undefined;
const dependencies: Dependencies = {
  store: new JobStore(DynamoDBDocumentClient.from(new DynamoDBClient()), TABLE),
  requests: {
    find: async () => row,
    set: async (machines, until) => (row = { id: 'warm', machines, until, expires_at: until / 1000 }),
    remove: async () => void (row = undefined),
  },
  lambda: new LambdaClient(),
  sizeFleetFunction: 'size-fleet',
  path: 'DockerGpu',
  maxMachines: 4,
  tenants: ['acme', 'other'],
  warm: { machines: 0 },
  machineType: 'g4dn.xlarge',
};

function call(method: string, body?: unknown, change: Partial<Dependencies> = {}, tenant = 'acme') {
  const event = request({
    ...{ path: '/v1/fleet/warm', tenant },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  event.requestContext.http = { ...event.requestContext.http, method };
  return httpHandler(() => ({ ...dependencies, ...change }), warmFleet)(event, lambdaContext);
}
const wakes = () => lambda.commandCalls(InvokeCommand).map(({ args }) => args[0].input);
const inMinutes = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);

beforeEach(() => {
  freezeTime();
  silenceConsole();
  lambda.reset();
  lambda.on(InvokeCommand).resolves({});
  row = undefined;
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const price = {
  machine_type: 'g4dn.xlarge',
  capacity: 'spot',
  price_per_hour: 0.205,
  price_source: 'estimate: typical spot share of the us-east-1 list price of November 2026',
};
const nothing = { object: 'fleet.warm', machines: 0, until: null, scheduled_machines: 0, ...price };

test('sets machines and time, wakes the sizer, and returns the price', async () => {
  const response = await call('POST', { machines: 2, for: '1h30m' });
  expect(response.statusCode).toBe(200);
  expect(row).toMatchObject({ machines: 2, until: inMinutes(90).getTime() });
  expect(wakes()).toEqual([{ FunctionName: 'size-fleet', InvocationType: 'Event', Payload: '{}' }]);
  const view = bodyOf<WarmView>(response);
  expect(view).toEqual({
    ...{ ...nothing, machines: 2, until: inMinutes(90).toISOString() },
    ...{ cost_per_hour: 0.41, cost: 0.615 },
  });
  expect(WarmView.parse(view)).toEqual(view);
});

test('keeps one machine warm for 30 minutes by default', async () => {
  expect(bodyOf(await call('POST'))).toMatchObject({ machines: 1, until: inMinutes(30).toISOString() });
});

test('shows what is set, what it still costs, and the machines of the schedule', async () => {
  expect(bodyOf(await call('GET'))).toEqual({ ...nothing, cost_per_hour: 0, cost: 0 });
  await call('POST', { machines: 1, for: '2h' });
  jest.setSystemTime(inMinutes(60));
  expect(bodyOf(await call('GET', undefined, { warm: { machines: 3 } }))).toEqual({
    ...{ ...nothing, machines: 1, until: inMinutes(120).toISOString(), scheduled_machines: 3 },
    ...{ cost_per_hour: 0.205, cost: 0.205 },
  });
  jest.setSystemTime(inMinutes(120));
  expect(bodyOf(await call('GET'))).toEqual({ ...nothing, cost_per_hour: 0, cost: 0 });
});

test('ends it, and wakes the sizer, which then lets idle machines end', async () => {
  await call('POST');
  expect(bodyOf(await call('DELETE'))).toMatchObject({ machines: 0, until: null });
  expect(row).toBeUndefined();
  expect(wakes()).toHaveLength(2);
});

test('succeeds if the sizer cannot be woken: the schedule sizes the fleet within a minute', async () => {
  lambda.on(InvokeCommand).rejects(new Error('no function'));
  expect((await call('POST')).statusCode).toBe(200);
  expect(row).toBeDefined();
});

test.each(['POST', 'DELETE'])(
  'refuses %s to keys of other tenants, and names the setting',
  async (method) => {
    await call('POST', { machines: 2 });
    const before = row;
    const wakings = wakes().length;
    const refused = await call(method, {}, {}, 'stranger');
    expect(refused.statusCode).toBe(403);
    expect(errorOf(refused)).toMatchObject({
      code: 'forbidden',
      message:
        'Keys of tenant "stranger" may not keep machines warm. To allow it, the owner of the deployment adds the tenant ' +
        'to the list in the setting "warmByApi" and deploys Spotscribe-DockerGpu again',
    });
    expect(row).toEqual(before);
    expect(wakes()).toHaveLength(wakings);
    expect((await call('GET', undefined, {}, 'stranger')).statusCode).toBe(200);
  },
);

test('is off for every tenant by default', async () => {
  expect((await call('POST', {}, { tenants: [] })).statusCode).toBe(403);
});

test.each([
  [
    { machines: 5 },
    'machines',
    '"machines" must be at most the setting "maxMachines" (4); got 5. Ask for fewer, or raise the setting and deploy the path again',
  ],
  [{ machines: 0 }, 'machines', expect.stringContaining('"machines" is not valid: Too small')],
  [{ machines: 1.5 }, 'machines', expect.stringContaining('got 1.5')],
  [{ for: '25h' }, 'for', '"for" must be a time such as 30m, 2h, 90s or 1h30m, at most 24h; got "25h"'],
  [{ for: 30 }, 'for', expect.stringContaining('"for" is not valid')],
  [{ minutes: 30 }, 'minutes', expect.stringContaining('"minutes" is not valid')],
])('refuses %j', async (body, param, message) => {
  const response = await call('POST', body);
  expect(response.statusCode).toBe(400);
  expect(errorOf(response)).toMatchObject({ code: 'invalid_request', param, message });
  expect(row).toBeUndefined();
  expect(wakes()).toEqual([]);
});
