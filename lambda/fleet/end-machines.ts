import { MetricUnit } from '@aws-lambda-powertools/metrics';
import pLimit from 'p-limit';
import { describeGroups, type FleetGroups } from './fleet-groups';
import { fleetWork, type Sources } from './fleet-work';
import type { MachineStore } from '../../core/fleet/machine-store';
import type { Tools } from '../frame/runtime';
import type { FleetRow } from '../../core/contract/machine';
import { knownBoot } from '../../core/fleet/learning';
import { workIn } from '../../core/fleet/sizing';
import { deadSeconds, machineToEnd, silentSince, watched } from '../../core/fleet/watchdog';

export interface Watch extends Sources, FleetGroups {
  machines: Pick<MachineStore, 'find' | 'noteSilence' | 'markEnding' | 'noteInterruption' | 'noteDrain'>;
}

export interface Limits {
  /** Machines to keep running without work. */
  warm: number;
  /** Idle time after which a worker ends its machine, in seconds. */
  idleSeconds: number;
  fleet: FleetRow;
}

/** Concurrent writes: thousands of machines may boot at the same time. */
const CONCURRENT = 50;

/** Records which machines are silent, and terminates one that must end, if any. */
export async function endMachines(
  watch: Watch,
  { warm, idleSeconds: idleLimit, fleet }: Limits,
  tools: Tools,
): Promise<void> {
  const { group, machines: store } = watch;
  const { desired, machines: instances } = await describeGroups(watch);
  if (instances.length === 0) return;
  const now = Date.now();
  const rows = await store.find(instances.map(({ id }) => id));
  const endable = instances.filter((instance) => instance.endable);
  await pLimit(CONCURRENT).map(endable, async ({ id }) => {
    const row = rows.get(id);
    const since = silentSince(row, now);
    if (since !== undefined) await store.noteSilence(id, row, since, now);
  });
  const { quietSeconds, ...work } = await fleetWork(instances.length, idleLimit, watch, tools);
  const machines = instances.map((instance) => {
    const limit = deadSeconds(knownBoot(fleet, instance.type), fleet.failed_boots);
    return watched({ ...instance, deadSeconds: limit }, rows.get(instance.id), now);
  });
  const ending = machineToEnd({ machines, desired, warm, work: workIn(work), quietSeconds, idleLimit });
  if (ending === undefined) return;
  const { id, reason, decrement } = ending;
  if (!(await store.markEnding(id, rows.get(id), now))) return;
  const { silentSeconds, idleSeconds } = machines.find((machine) => machine.id === id) ?? {};
  tools.logger.warn('ending a machine', { instance_id: id, reason, silentSeconds, idleSeconds, decrement });
  await group.end(id, decrement);
  const metric = tools.metrics.singleMetric();
  metric.addDimension('Reason', reason);
  metric.addMetric('MachinesEnded', MetricUnit.Count, 1);
}
