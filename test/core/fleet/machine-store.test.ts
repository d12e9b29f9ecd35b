import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { machineRowId } from '../../../core/contract/keys';
import { MachineStore } from '../../../core/fleet/machine-store';
import { LocalTable } from '../../support/local-table';

const table = new LocalTable();
let store: MachineStore;
beforeAll(() => table.start());
afterAll(() => table.stop());
beforeEach(() => {
  table.reset();
  store = new MachineStore(table.client(), 'jobs');
});

describe('a heartbeat', () => {
  it('tells what the worker holds, and nothing of that once it is idle', async () => {
    const held = { busy_until: 9_000, holding: ['job-1'] };
    const working = {
      idle_seconds: 0,
      ...held,
      speeds: { audio_second: 60 },
      densities: { audio_second: 0.1 },
    };
    expect(await store.beat('i-1', working, 5_000)).toMatchObject({
      ...{ ...working, id: 'machine#i-1', heartbeat_at: 5_000, expires_at: 604_805 },
    });
    const idle = await store.beat('i-1', { idle_seconds: 3 }, 6_000);
    expect(Object.keys(idle).sort()).toEqual(
      ['densities', 'expires_at', 'heartbeat_at', 'id', 'idle_seconds', 'speeds'].sort(),
    );
  });

  it('keeps the time at which the machine was first ready', async () => {
    expect((await store.beat('i-1', { idle_seconds: 0 }, 1)).ready_at).toBeUndefined();
    await store.beat('i-1', { idle_seconds: 0, ready_at: 2 }, 3);
    expect((await store.beat('i-1', { idle_seconds: 0, ready_at: 7 }, 8)).ready_at).toBe(2);
    expect((await store.beat('i-1', { idle_seconds: 0 }, 9)).ready_at).toBe(2);
  });

  it('returns what the sizer has noted, and ends a silence', async () => {
    const noted = { ':silent': 1, ':looked': 2, ':notice': 3 };
    await table.client().send(
      new UpdateCommand({
        TableName: 'jobs',
        Key: { id: machineRowId('i-1') },
        UpdateExpression: 'SET #s = :silent, #l = :looked, #n = :notice',
        ExpressionAttributeNames: { '#s': 'silent_since', '#l': 'looked_at', '#n': 'notice_at' },
        ExpressionAttributeValues: noted,
      }),
    );
    const row = await store.beat('i-1', { idle_seconds: 0 }, 4);
    expect(row.notice_at).toBe(3);
    expect(row).not.toHaveProperty('silent_since');
    expect(row).not.toHaveProperty('looked_at');
  });
});
