import { HEARTBEAT_SECONDS } from '../../core/contract/limits';
import type { MachineRow } from '../../core/contract/machine';
import { machineRowId } from '../../core/contract/keys';
import { NEW_FLEET } from '../../core/fleet/learning';
import { desiredMachines } from '../../core/fleet/sizing';
import {
  BOOT_SECONDS,
  deadSeconds,
  type Ending,
  machineToEnd,
  silentSince,
  watched,
} from '../../core/fleet/watchdog';

export interface Job {
  /** In seconds from the beginning. */
  arrival: number;
  audio: number;
}

const DAY = 86_400;

/** One day of jobs each. */
export const TRACES: Record<string, (random: () => number) => Job[]> = {
  sporadic: (random) => at(30, () => random() * DAY, 600),
  steady: () => Array.from({ length: 1440 }, (_, minute) => ({ arrival: minute * 60, audio: 30 })),
  diurnal: (random) => at(500, () => (8 + 5 * (random() + random())) * 3600, 900),
  burst: (random) => at(430, () => 100, 60 + 600 * random()),
  heavy: (random) =>
    at(200, () => random() * DAY, 16).map((job) => (random() < 0.1 ? { ...job, audio: 16_560 } : job)),
};

const at = (count: number, arrival: () => number, audio: number): Job[] =>
  Array.from({ length: count }, () => ({ arrival: arrival(), audio })).sort((a, b) => a.arrival - b.arrival);

const STEP = 5;
const SPEED = 40;
export const IDLE_LIMIT = 300;

export interface Machine {
  id: string;
  launched: number;
  /** When its worker starts; infinite if it never does. */
  ready: number;
  /** When its worker ends for good. */
  dies: number;
  workUntil: number;
  idleSince: number;
  /** Whether AWS refuses to let the worker terminate its machine. */
  refused: boolean;
  /** Time in which no heartbeat arrives. */
  outage: { from: number; to: number };
  row?: MachineRow;
}

export const isDead = ({ ready, dies }: Machine, now: number) => ready === Infinity || now >= dies;
export const isBooting = ({ ready, launched }: Machine, now: number) =>
  now < ready && now - launched <= BOOT_SECONDS;
export const isWorking = (machine: Machine, now: number) => !isDead(machine, now) && machine.workUntil > now;

/**
 * A fleet with a trace of jobs. The sizer sees outdated counts, and machines boot slowly, die and
 * lose heartbeats.
 */
export class FleetSimulation {
  readonly endings: { at: number; machine: Machine; ending: Ending }[] = [];
  machines: Machine[] = [];
  private desired = 0;
  private waiting: Job[] = [];
  private seen: { at: number; visible: number; inFlight: number }[] = [];
  private launches = 0;
  private nextRun = 0;

  constructor(
    private readonly jobs: readonly Job[],
    private readonly random: () => number,
  ) {}

  run(seconds = DAY + 3 * 3600): void {
    let next = 0;
    for (let now = 0; now < seconds; now += STEP) {
      let submitted = false;
      for (; next < this.jobs.length && this.jobs[next]!.arrival <= now; next++, submitted = true)
        this.waiting.push(this.jobs[next]!);
      for (const machine of [...this.machines]) this.work(machine, now);
      const inFlight = this.machines.filter((machine) => isWorking(machine, now)).length;
      this.seen.push({ at: now, visible: this.waiting.length, inFlight });
      if (submitted) this.size(now);
      if (now < this.nextRun) continue;
      this.nextRun = now + 60;
      this.size(now);
      this.watch(now);
    }
  }

  private work(machine: Machine, now: number): void {
    if (now < machine.ready || isDead(machine, now)) return;
    if (machine.workUntil <= now) {
      machine.idleSince = Math.max(machine.workUntil, machine.ready);
      const job = this.waiting.shift();
      if (job !== undefined) {
        machine.workUntil = now + 3 + job.audio / SPEED;
        if ((machine.row?.idle_seconds ?? 0) > 0) this.beat(machine, now);
      }
    }
    const { heartbeat_at = -Infinity } = machine.row ?? {};
    if (now * 1000 - heartbeat_at >= HEARTBEAT_SECONDS * 1000) this.beat(machine, now);
    if (idleAt(machine, now) < IDLE_LIMIT || machine.refused) return;
    this.remove(machine);
    this.desired--;
  }

  private beat(machine: Machine, now: number): void {
    if (now >= machine.outage.from && now < machine.outage.to) return;
    const { ending_at } = machine.row ?? {};
    machine.row = {
      id: machineRowId(machine.id),
      heartbeat_at: now * 1000,
      idle_seconds: idleAt(machine, now),
      ending_at,
      expires_at: 0,
    };
  }

  /** The counts of SQS, up to a minute old. */
  private counts(now: number) {
    const age = this.random() * 60;
    return this.seen.findLast((each) => each.at <= now - age) ?? { visible: 0, inFlight: 0 };
  }

  private size(now: number): void {
    const { visible, inFlight } = this.counts(now);
    const limits = { maxMachines: 4, jobsPerMachine: 4, requestsPerMachine: 1, warm: 0 };
    const { desired } = this;
    this.desired = desiredMachines({
      ...{ ...limits, messages: visible, inFlight, requestsInFlight: 0, desired },
      ...{
        jobs: [],
        machines: [],
        schedule: {},
        unit: 'audio_second',
        fleet: NEW_FLEET,
        now: now * 1000,
      },
    });
    while (this.machines.length < this.desired) this.launch(now);
  }

  private launch(now: number): void {
    const { random } = this;
    const boots = random() < 0.05 ? Infinity : now + 60 + random() * (BOOT_SECONDS - 60);
    const from = now + random() * 7200;
    this.machines.push({
      id: `i-${this.launches++}`,
      launched: now,
      ready: boots,
      dies: random() < 0.05 ? boots + random() * 7200 : Infinity,
      workUntil: 0,
      idleSince: boots,
      refused: random() < 0.1,
      outage: { from, to: from + random() * 1800 },
    });
  }

  private watch(now: number): void {
    const ms = now * 1000;
    const states = this.machines.map((machine) => {
      const since = silentSince(machine.row, ms);
      const state = watched(
        { id: machine.id, endable: true, deadSeconds: deadSeconds(undefined, 0) },
        machine.row,
        ms,
      );
      if (since !== undefined)
        machine.row = {
          ...(machine.row ?? { id: machineRowId(machine.id), expires_at: 0 }),
          ...{ silent_since: since, looked_at: ms },
        };
      return state;
    });
    const { visible, inFlight } = this.counts(now);
    const { desired } = this;
    const known = { warm: 0, work: visible + inFlight, quietSeconds: Infinity, idleLimit: IDLE_LIMIT };
    const ending = machineToEnd({ machines: states, desired, ...known });
    if (ending === undefined) return;
    const machine = this.machines.find(({ id }) => id === ending.id)!;
    this.endings.push({ at: now, machine, ending });
    this.remove(machine);
    if (ending.decrement) this.desired--;
  }

  private remove(machine: Machine): void {
    this.machines = this.machines.filter((each) => each !== machine);
  }
}

const idleAt = (machine: Machine, now: number) => (machine.workUntil > now ? 0 : now - machine.idleSince);
