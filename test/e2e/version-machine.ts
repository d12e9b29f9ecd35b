import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientEnvironment, REGION } from '../../local/emulator';
import type { LocalMachine } from '../../local/state';

/** How a worker's attempt at a job ended, by its log. */
export interface Attempt {
  machine: string;
  attempt: number;
  outcome: string;
}

/** A machine in the emulation of EC2 that its version brings. */
export interface VersionInstance {
  drain(): Promise<void>;
  kill(): void;
  describe(): LocalMachine;
}

/** What every version's emulation of a machine takes. @param folder where it has a folder of its own */
export const instanceOptions = (id: string, endpoint: string, folder: string) => ({
  instance: {
    InstanceId: id,
    AvailabilityZone: `${REGION}a`,
    LifecycleState: 'InService',
    HealthStatus: 'Healthy',
    ProtectedFromScaleIn: false,
  } as const,
  folder: join(folder, id),
  aws: clientEnvironment(endpoint),
  onChange: () => undefined,
});

/** A machine whose processes are of one version, whatever version the handlers are. */
export class VersionMachine {
  constructor(
    readonly id: string,
    private readonly instance: VersionInstance,
  ) {}

  /** Ends as in an update: the worker gives its jobs back. */
  async drain(): Promise<void> {
    const model = this.container('whisper');
    // A process that is held does not hear that it is to end.
    if (model?.running === true) process.kill(model.pid!, 'SIGCONT');
    await this.instance.drain();
  }

  kill(): void {
    this.instance.kill();
  }

  /** Holds the model service where it is. The worker keeps its jobs. */
  hold(): void {
    process.kill(this.container('whisper')!.pid!, 'SIGSTOP');
  }

  /** Seconds of audio that the model service has worked through, for jobs that it has finished. */
  async heardSeconds(): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.container('whisper')?.port}/metrics`);
    return Number(/^spotscribe_audio_seconds_total (\S+)$/m.exec(await answer.text())?.[1]);
  }

  attempts(job: string): Attempt[] {
    const log = this.container('worker')?.log;
    // The last piece may be half a line.
    const lines = log === undefined ? [] : readFileSync(log, 'utf8').split('\n').slice(0, -1);
    return lines
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Attempt & { job?: string })
      .filter((line) => line.job === job && line.outcome !== undefined)
      .map(({ attempt, outcome }) => ({ machine: this.id, attempt, outcome }));
  }

  private container(name: string) {
    return this.instance.describe().containers.find((each) => each.name === name);
  }
}
