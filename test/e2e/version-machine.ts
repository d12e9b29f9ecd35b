import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerDefinition, TaskDefinition } from '@aws-sdk/client-ecs';
import type { Command } from '../../local/machine/commands';
import { clientEnvironment, REGION } from '../../local/emulator';
import { LocalInstance } from '../../local/machine/instance';

/** How a worker's attempt at a job ended, by its log. */
export interface Attempt {
  machine: string;
  attempt: number;
  outcome: string;
}

export type CommandOf = (container: ContainerDefinition) => Command;

/** A machine whose containers are of one version, whatever version the handlers are. */
export class VersionMachine {
  private readonly instance: LocalInstance;

  /** @param folder where it has a folder of its own */
  constructor(
    readonly id: string,
    endpoint: string,
    folder: string,
    commandOf: CommandOf,
  ) {
    this.instance = new LocalInstance({
      instance: {
        InstanceId: id,
        AvailabilityZone: `${REGION}a`,
        LifecycleState: 'InService',
        HealthStatus: 'Healthy',
        ProtectedFromScaleIn: false,
      },
      folder: join(folder, id),
      aws: clientEnvironment(endpoint),
      commandOf,
      onChange: () => undefined,
    });
  }

  start(definition: TaskDefinition): Promise<void> {
    return this.instance.run(definition);
  }

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
