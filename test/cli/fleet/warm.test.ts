import type { WarmView } from '../../../core/contract/warm';
import view from '../../fixtures/contract/WarmView.json';
import { FakeApi } from '../fake-api';
import { callCli } from '../run-cli';

let api: FakeApi;
const bodies: unknown[] = [];
beforeEach(async () => {
  api = await new FakeApi().start();
  bodies.length = 0;
  for (const method of ['POST', 'GET', 'DELETE']) answers(method, 200, view);
});
afterEach(() => api.stop());

function answers(method: string, status: number, answer: object) {
  api.routes.set(`${method} /v1/fleet/warm`, (body, response) => {
    bodies.push(body === '' ? method : JSON.parse(body));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
}

const lines = (text: string) => text.replace(/ {2,}/g, ' ').trim().split('\n');

test('keeps machines warm for a time, and prints the price and its source', async () => {
  const { code, out } = await callCli(['warm', '--machines', '2', '--for', '1h30m'], api.env);
  expect(code).toBe(0);
  expect(bodies).toEqual([{ machines: 2, for: '1h30m' }]);
  expect(lines(out)).toEqual([
    'kept warm 2 machines',
    'until 2026-03-01T13:30:00.000Z',
    'by the settings 0 machines',
    'cost $0.41 per hour, $0.615 until then',
    `price $0.205 per hour for one g4dn.xlarge, spot (${view.price_source})`,
  ]);
});

test('keeps one machine warm for 30 minutes by default', async () => {
  await callCli(['warm'], api.env);
  expect(bodies).toEqual([{ machines: 1, for: '30m' }]);
});

test('ends it, and shows what is set', async () => {
  const none: WarmView = { ...(view as WarmView), machines: 0, until: null, cost_per_hour: 0, cost: 0 };
  answers('DELETE', 200, none);
  const { out } = await callCli(['warm', '--off'], api.env);
  expect(lines(out).slice(0, 2)).toEqual(['kept warm 0 machines', 'until no request']);
  expect(out).not.toContain('cost');
  await callCli(['warm', '--status'], api.env);
  expect(bodies).toEqual(['DELETE', 'GET']);
});

test('prints one JSON document', async () => {
  expect(JSON.parse((await callCli(['warm', '--json'], api.env)).out)).toEqual(view);
});

test('says that no price is known', async () => {
  const unknown = { price_per_hour: null, cost_per_hour: null, cost: null };
  answers('POST', 200, { ...view, ...unknown, price_source: 'no price is known for p9.large' });
  expect(lines((await callCli(['warm'], api.env)).out).slice(3)).toEqual([
    'price no price is known for p9.large',
  ]);
});

test('passes on the message of a deployment that does not allow it', async () => {
  const error = { message: 'Keys may not. Set "warmByApi"', type: 'x', param: null, code: 'forbidden' };
  answers('POST', 403, { error });
  const { code, err } = await callCli(['warm'], api.env);
  expect(code).toBe(3);
  expect(err).toContain('Keys may not. Set "warmByApi"');
  expect(bodies).toHaveLength(1);
});

test.each([
  [['--for', '25h'], 'It must be a time such as 30m, 2h, 90s or 1h30m, at most 24h.'],
  [['--machines', '0'], 'It must be a whole number from 1 to 5000.'],
  [['--off', '--machines', '2'], 'cannot be used with'],
  [['--status', '--for', '1h'], 'cannot be used with'],
  [['--status', '--off'], 'cannot be used with'],
])('refuses %j without a request', async (args, message) => {
  const { code, err } = await callCli(['warm', ...args], api.env);
  expect(code).toBe(2);
  expect(err).toContain(message);
  expect(bodies).toEqual([]);
});
