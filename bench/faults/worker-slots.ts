import { join } from 'node:path';
import { pause } from '../../cli/api/retry';
import type { MachineSpec } from '../../core/contract/machine-spec';
import { workerBundle } from '../../local/installation';
import { Programs } from '../../local/machine/commands';
import type { Kill } from './kill-plan';
import { type KillSignal, WorkerSlot } from './worker-slot';

/** The workers of a run. */
export class WorkerSlots {
  readonly kills: Record<KillSignal, number> = { SIGKILL: 0, SIGTERM: 0 };
  private readonly dying: Promise<void>[] = [];
  private stopped: Promise<unknown> | undefined;

  private constructor(private readonly slots: WorkerSlot[]) {}

  /** @param proxyUrl of the proxy between the workers and AWS */
  static async start(
    count: number,
    spec: MachineSpec,
    folder: string,
    proxyUrl: string,
  ): Promise<WorkerSlots> {
    const programs = new Programs({ workerBundle: await workerBundle(folder) });
    const slots = Array.from({ length: count }, (_, index) => {
      const id = `i-${index + 1}`;
      return WorkerSlot.start(id, { folder: join(folder, id), spec, programs, proxyUrl });
    });
    return new WorkerSlots(await Promise.all(slots));
  }

  /** Ends one of the workers that run. Does not wait until it has ended. */
  async kill({ signal, which }: Kill, abort: AbortSignal): Promise<void> {
    for (;;) {
      const running = this.slots.filter((slot) => slot.running);
      const slot = running[Math.floor(which * running.length)];
      if (slot !== undefined) {
        this.kills[signal]++;
        this.dying.push(slot.kill(signal));
        return;
      }
      await pause(100, abort);
    }
  }

  /** Stops all workers, and starts no others. */
  async stop(): Promise<void> {
    this.stopped ??= Promise.all(this.dying).then(() => Promise.all(this.slots.map((slot) => slot.stop())));
    await this.stopped;
  }

  /** How workers ended that did not end in order. */
  get disorderly(): string[] {
    return this.slots.flatMap(({ disorderly }) => disorderly);
  }

  /** Attempts that continued from a checkpoint. */
  get resumed(): number {
    return this.slots.reduce((sum, { resumed }) => sum + resumed, 0);
  }

  /** Attempts by their outcome, as the workers logged them. */
  outcomes(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const line of this.slots.flatMap(({ log }) => log)) {
      const [, outcome] = /"outcome":"(\w+)"/.exec(line) ?? [];
      if (outcome !== undefined) counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    return counts;
  }
}
