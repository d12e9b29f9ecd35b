import { deadSeconds } from '../../core/fleet/watchdog';
import { EventQueue } from './event-queue';
import { billedSeconds, doneAudio, jobSeconds, type Machine, NOTICE_SECONDS } from './machine';
import type { Policy } from './policy';
import { between, exponential, type Random, seeded } from './random';
import { Observer } from './observer';
import type { Trace } from './trace';
import { UsageError } from './usage-error';
import { type Work, WorkQueue } from './work-queue';
import { DEFAULT_WORLD, type Outcome, type WorldOptions } from './world-options';

const TICK = 60;

/** Policies that react to each job decide at most once in so many seconds. */
const BETWEEN_DECISIONS = 1;

/** After so long without an end, the policy does not launch what the jobs need. */
const LONGEST_RUN = 400 * 86_400;

export const simulate = (trace: Trace, policy: Policy, options: Partial<WorldOptions> = {}): Outcome =>
  new World(trace, policy, { ...DEFAULT_WORLD, ...options }).run();

class World {
  private readonly events = new EventQueue();
  private readonly random: Random;
  private readonly queue: WorkQueue;
  private readonly machines = new Set<Machine>();
  private readonly idle: Machine[] = [];
  private readonly observer: Observer;
  private readonly outcome: Outcome = {
    ...{ waits: [], tenantWaits: {}, machineSeconds: 0, launches: 0 },
    ...{ interruptions: 0, redoneAudio: 0, end: 0, fleet: [] },
  };
  private now = 0;
  private arrived = 0;
  private done = 0;
  private deciding = false;
  private decided = -Infinity;
  private recentLaunches: number[] = [];

  constructor(
    private readonly trace: Trace,
    private readonly policy: Policy,
    private readonly options: WorldOptions,
  ) {
    this.random = seeded(options.seed);
    this.queue = new WorkQueue(options.fair);
    this.observer = new Observer(this.queue, this.machines, options);
  }

  run(): Outcome {
    this.events.add(this.trace.jobs[0]?.arrival ?? 0, () => this.arrive());
    this.events.add(0, () => this.tick());
    this.events.add(this.trace.horizon, () => undefined);
    while (!this.isOver()) {
      const event = this.events.next();
      if (event === undefined || event.at > LONGEST_RUN) throw new UsageError(this.endless());
      this.now = event.at;
      event.run();
    }
    for (const machine of this.machines) this.end(machine);
    return { ...this.outcome, end: this.now };
  }

  private endless(): string {
    const { boot, speed } = this.options;
    return (
      `Policy "${this.policy.name}" leaves ${this.queue.length} jobs waiting after 400 days; got a boot of ` +
      `${boot} s and a speed of ${speed}. Use a shorter boot, a higher speed or more machines.`
    );
  }

  private isOver(): boolean {
    if (this.done < this.trace.jobs.length) return false;
    return this.policy.alwaysOn ? this.now >= this.trace.horizon : this.machines.size === 0;
  }

  private arrive(): void {
    const { jobs } = this.trace;
    for (
      let job = jobs[this.arrived];
      job !== undefined && job.arrival <= this.now;
      job = jobs[this.arrived]
    ) {
      this.queue.add({ ...job, number: this.arrived++, left: job.audio });
    }
    const next = jobs[this.arrived];
    if (next !== undefined) this.events.add(next.arrival, () => this.arrive());
    while (this.idle.length > 0 && this.queue.length > 0) this.takeJob(this.anyIdle());
    if (this.policy.reacts) this.decideSoon();
  }

  private tick(): void {
    this.decide();
    this.events.add(this.now + TICK, () => this.tick());
  }

  private decideSoon(): void {
    if (this.deciding) return;
    this.deciding = true;
    const at = Math.max(this.now + this.options.staleSeconds, this.decided + BETWEEN_DECISIONS);
    this.events.add(at, () => {
      this.deciding = false;
      this.decide();
    });
  }

  private decide(): void {
    this.decided = this.now;
    const change = this.policy.decide(this.observer.view(this.now));
    for (let left = change; left > 0; left--) this.launch();
    for (let left = change; left < 0 && this.idle.length > 0; left++) this.end(this.anyIdle());
  }

  private launch(): void {
    const { boot, bootSpread, deadShare, interruptionHours, launchesPerMinute, maxMachines } = this.options;
    if (this.machines.size >= Math.min(maxMachines, this.policy.maxMachines ?? Infinity)) return;
    if (launchesPerMinute < Infinity) {
      this.recentLaunches = this.recentLaunches.filter((time) => time > this.now - TICK);
      if (this.recentLaunches.length >= launchesPerMinute) return;
      this.recentLaunches.push(this.now);
    }
    const isDead = this.random() < deadShare;
    const takes = boot * between(this.random, 1 - bootSpread, 1 + bootSpread);
    const ready = isDead ? Infinity : this.now + takes;
    const id = this.outcome.launches++;
    const machine: Machine = {
      ...{ id, requested: this.now, ready, state: 'booting', noticed: false, since: this.now },
    };
    this.machines.add(machine);
    this.outcome.fleet.push([this.now, this.machines.size]);
    if (isDead) this.watch(machine);
    else this.events.add(ready, () => this.begin(machine));
    const notice = exponential(this.random, interruptionHours * 3600);
    if (notice < Infinity) this.events.add(this.now + notice, () => this.notice(machine));
  }

  /** Ends a machine whose worker never starts, as the product's watchdog does. */
  private watch(machine: Machine): void {
    const { boot, bootEstimate } = this.options;
    const limit = machine.requested + deadSeconds(boot * bootEstimate, this.observer.failedBoots);
    if (this.now < limit) {
      this.events.add(limit, () => this.watch(machine));
      return;
    }
    if (machine.state === 'ended') return;
    this.observer.failedBoots++;
    this.end(machine);
    if (this.policy.reacts) this.decideSoon();
  }

  private begin(machine: Machine): void {
    if (machine.state === 'ended') return;
    this.observer.failedBoots = 0;
    this.takeJob(machine);
  }

  private anyIdle(): Machine {
    return this.idle[Math.floor(this.random() * this.idle.length)]!;
  }

  /** Takes the next job, or is idle. */
  private takeJob(machine: Machine): void {
    if (machine.state === 'ended') return;
    const job = this.queue.take(this.now);
    this.forgetIdle(machine);
    machine.since = this.now;
    if (job === undefined) {
      this.rest(machine);
      return;
    }
    machine.state = 'busy';
    machine.job = job;
    if (job.started === undefined) this.waited(job, this.now - job.arrival);
    job.started = this.now;
    this.observer.started(job);
    this.events.add(this.now + jobSeconds(job.left, this.options.speed), () => this.finish(machine, job));
  }

  private waited({ tenant }: Work, wait: number): void {
    const { waits, tenantWaits } = this.outcome;
    waits.push(wait);
    if (tenant !== undefined) (tenantWaits[tenant] ??= []).push(wait);
  }

  private rest(machine: Machine): void {
    machine.state = 'idle';
    this.idle.push(machine);
    const { idleSeconds } = this.policy;
    if (idleSeconds === undefined) return;
    const since = this.now;
    this.events.add(since + idleSeconds, () => {
      if (machine.state === 'idle' && machine.since === since) this.end(machine);
    });
  }

  private finish(machine: Machine, job: Work): void {
    if (machine.state !== 'busy' || machine.job !== job) return;
    this.done++;
    this.queue.finished(job, this.now);
    delete machine.job;
    if (machine.noticed) this.interrupted(machine);
    else this.takeJob(machine);
  }

  private notice(machine: Machine): void {
    if (machine.state === 'ended') return;
    this.outcome.interruptions++;
    machine.noticed = true;
    if (machine.state === 'busy') this.events.add(this.now + NOTICE_SECONDS, () => this.interrupted(machine));
    else this.interrupted(machine);
    if (this.policy.reacts) this.decideSoon();
  }

  private interrupted(machine: Machine): void {
    if (machine.state === 'ended') return;
    const { job } = machine;
    this.end(machine);
    if (job !== undefined) {
      const { done, kept } = doneAudio(this.now - machine.since, this.options.speed);
      job.left -= kept;
      this.outcome.redoneAudio += done - kept;
      this.queue.putBack(job, this.now);
      if (this.idle.length > 0) this.takeJob(this.anyIdle());
    }
    if (this.policy.replaces) this.launch();
    if (this.policy.reacts) this.decideSoon();
  }

  private end(machine: Machine): void {
    if (machine.state === 'ended') return;
    this.forgetIdle(machine);
    machine.state = 'ended';
    this.machines.delete(machine);
    this.outcome.machineSeconds += billedSeconds(machine.requested, this.now);
    this.outcome.fleet.push([this.now, this.machines.size]);
  }

  private forgetIdle(machine: Machine): void {
    const index = this.idle.indexOf(machine);
    if (index >= 0) this.idle.splice(index, 1);
  }
}
