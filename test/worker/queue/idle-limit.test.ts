import type { FleetRow } from '../../../core/contract/machine';
import { NEW_FLEET } from '../../../core/fleet/learning';
import { createLog } from '../../../docker/worker/src/log';
import { IdleLimit } from '../../../docker/worker/src/queue/idle-limit';

const log = createLog({ write: () => undefined });
let read: jest.Mock<Promise<FleetRow>>;
beforeEach(() => (read = jest.fn(async () => ({ ...NEW_FLEET, boots: { 'g4dn.xlarge': 480 } }))));

const limit = (rule: IdleLimit['options']['rule']) =>
  new IdleLimit({ rule, machineType: 'g4dn.xlarge', fleet: { idleBasis: () => read() }, log });

describe('the idle time of a machine', () => {
  it('follows the boot that the sizer has learnt, and a default before', async () => {
    const queue = limit({ kind: 'queue' });
    expect(queue.seconds).toBe(10);
    await queue.refresh();
    expect(queue.seconds).toBe(20);
  });

  it('stays as it is if the table does not answer', async () => {
    const requests = limit({ kind: 'requests' });
    await requests.refresh();
    read.mockRejectedValue(new Error('no table'));
    await requests.refresh();
    expect(requests.seconds).toBe(480);
  });

  it('is the one of the settings, if there is one', async () => {
    const fixed = limit({ kind: 'queue', seconds: 300 });
    await fixed.refresh();
    expect(fixed.seconds).toBe(300);
    expect(read).not.toHaveBeenCalled();
  });
});
