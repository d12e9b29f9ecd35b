import type { WaitingRow } from '../../core/contract/machine';
import type { GroupMachine } from '../../core/fleet/capacity';
import { NEW_FLEET } from '../../core/fleet/learning';
import { jobSeconds, type Machine } from './machine';
import type { Rows, View } from './policy';
import type { Work, WorkQueue } from './work-queue';

interface Sight {
  boot: number;
  speed: number;
  staleSeconds: number;
  workEstimate: number;
  bootEstimate: number;
}

/** What policies see of the world: estimates, and a queue that may be out of date. */
export class Observer {
  /** Machines that did not become ready, since the last one that did. */
  failedBoots = 0;
  /** Jobs that have started lately, so that a stale view still has them. */
  private recent: Work[] = [];

  constructor(
    private readonly queue: WorkQueue,
    private readonly machines: ReadonlySet<Machine>,
    private readonly sight: Sight,
  ) {}

  started(work: Work): void {
    if (this.sight.staleSeconds > 0) this.recent.push({ ...work });
  }

  view(now: number): View {
    const machines = [...this.machines].filter(({ noticed, state }) => !noticed && state !== 'ended');
    const busy = [...this.machines].filter(({ state }) => state === 'busy').length;
    const waiting = this.sight.staleSeconds > 0 ? this.waitedBefore(now) : undefined;
    return {
      now,
      visible: waiting?.length ?? this.queue.length,
      inFlight: busy,
      total: machines.length,
      inService: machines.filter(({ state }) => state !== 'booting').length,
      idle: machines.filter(({ state }) => state === 'idle').length,
      rows: () => this.rows(machines, waiting ?? this.queue.all(), now),
    };
  }

  /** What the workers and the sizer have written to the product's table. */
  private rows(machines: readonly Machine[], waiting: readonly Work[], now: number): Rows {
    const { boot, bootEstimate, speed, workEstimate } = this.sight;
    const requested = machines.map(({ id, requested: at }) => [`i-${id}`, { requested_at: at * 1000 }]);
    return {
      machines: machines.map((machine) => this.machineRow(machine, now)),
      jobs: waiting.map(jobRow),
      fleet: {
        ...NEW_FLEET,
        machines: Object.fromEntries(requested) as Rows['fleet']['machines'],
        boots: { [TYPE]: boot * bootEstimate },
        speeds: { [TYPE]: { audio_second: speed / workEstimate } },
        failed_boots: this.failedBoots,
      },
    };
  }

  private machineRow({ id, state, requested, since, job }: Machine, now: number): GroupMachine {
    const row = { id: '', expires_at: 0 };
    if (state === 'booting')
      return {
        ...{ id: `i-${id}`, type: TYPE },
        row: { ...row, silent_since: requested * 1000, looked_at: now * 1000 },
      };
    return {
      ...{ id: `i-${id}`, type: TYPE },
      row: {
        ...{ ...row, ready_at: since * 1000, heartbeat_at: now * 1000 },
        ...(job && { busy_until: (since + this.workOf(job.left)) * 1000, holding: [jobRow(job).id] }),
      },
    };
  }

  /** Jobs that waited `staleSeconds` ago. */
  private waitedBefore(now: number): Work[] {
    const then = now - this.sight.staleSeconds;
    this.recent = this.recent.filter(({ started }) => started !== undefined && started > then);
    return [...this.recent, ...this.queue.all()]
      .filter(({ arrival }) => arrival <= then)
      .sort((one, other) => one.arrival - other.arrival);
  }

  private workOf(audio: number): number {
    return jobSeconds(audio, this.sight.speed) * this.sight.workEstimate;
  }
}

/** All machines of the simulated world are of one type. */
const TYPE = 'any';

const jobRow = ({ number, arrival, left }: Work): WaitingRow => ({
  ...{ id: `job-${number}`, waits_from: arrival * 1000, estimate: { audio_second: left } },
});
