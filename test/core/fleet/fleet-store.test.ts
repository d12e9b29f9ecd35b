import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { FleetRow } from '../../../core/contract/machine';
import { FleetStore } from '../../../core/fleet/fleet-store';
import { NEW_FLEET } from '../../../core/fleet/learning';
import { LocalTable } from '../../support/local-table';
import { TABLE } from '../../support/support';

const table = new LocalTable();
const fleet: FleetRow = {
  ...NEW_FLEET,
  machines: { 'i-1': { type: 'g4dn.xlarge', learnt_at: 5 } },
  boots: { 'g4dn.xlarge': 200 },
  short_since: 7,
};
let store: FleetStore;

beforeAll(async () => {
  await table.start();
  store = new FleetStore(table.client(), TABLE);
});
beforeEach(() => table.reset());
afterAll(() => table.stop());

test('a fleet without rows is new', async () => {
  expect(await store.read()).toEqual(NEW_FLEET);
});

test('the sizer reads what it wrote, from two rows, of which that of the machines is written first', async () => {
  await store.write(fleet);
  expect(await store.read()).toEqual(fleet);
  expect(table.ids('')).toEqual(['fleet-machines', 'fleet']);
});

test('workers and the API read only the row without machines', async () => {
  await store.write(fleet);
  table.remove('fleet-machines');
  expect(await store.idleBasis()).toMatchObject({ boots: fleet.boots, arrivals: [] });
  expect(await store.shortage()).toMatchObject({ short_since: 7 });
  expect((await store.read()).machines).toEqual({});
});

test('the machines in the row of the previous release are known, until the sizer writes', async () => {
  await table.client().send(new PutCommand({ TableName: TABLE, Item: fleet }));
  expect(await store.read()).toEqual(fleet);
  const later = { ...fleet, machines: {} };
  await store.write(later);
  expect(await store.read()).toEqual(later);
});
