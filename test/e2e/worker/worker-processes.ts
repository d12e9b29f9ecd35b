import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServiceEndpoint } from '../../../core/contract/tasks';
import { baseEnvironment, clientEnvironment } from '../../../local/emulator';
import { workerBundle } from '../../../local/installation';
import { freePort } from '../../../local/ports';
import { MACHINE, type WorkerAws } from './worker-aws';

/** Workers as processes of their own, from the bundle of their image. */
export class WorkerProcesses {
  /** What they log. */
  lines: string[] = [];
  /** A folder that they share with model services, unless a service has its own. */
  readonly shared: string;
  private readonly children: ChildProcess[] = [];

  private constructor(
    private readonly folder: string,
    private readonly bundle: string,
  ) {
    this.shared = join(folder, 'shared');
    writeFileSync(join(folder, 'machine.json'), JSON.stringify(MACHINE));
  }

  static async prepare(): Promise<WorkerProcesses> {
    const folder = mkdtempSync(join(tmpdir(), 'worker-process-'));
    return new WorkerProcesses(folder, await workerBundle(folder));
  }

  async start(
    aws: WorkerAws,
    services: ServiceEndpoint[],
    visibility: number,
    environment: Record<string, string> = {},
  ): Promise<ChildProcess> {
    const child = spawn(process.execPath, [this.bundle], {
      env: {
        ...baseEnvironment(),
        ...clientEnvironment(aws.endpoint),
        SPOTSCRIBE_PATH: 'DockerGpu',
        JOBS_TABLE: aws.table,
        MEDIA_BUCKET: aws.bucket,
        QUEUE_URL: aws.queueUrl,
        BULK_QUEUE: aws.bulkQueue,
        FLEET_NAME: 'fleet',
        MAX_AUDIO_SECONDS: '3600',
        MAX_UPLOAD_BYTES: '1000000',
        VISIBILITY_SECONDS: String(visibility),
        IDLE_SECONDS: '3600',
        PORT: String(await freePort()),
        SERVICES: JSON.stringify(services),
        SHARED_AUDIO: this.shared,
        MACHINE_FILE: join(this.folder, 'machine.json'),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.children.push(child);
    createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(line));
    return child;
  }

  /** Sends a signal and waits for the exit. @returns the exit status, null after SIGKILL */
  async end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const exited = exitOf(child);
    child.kill(signal);
    return exited;
  }

  /** Kills all of them and forgets what they wrote. */
  async reset(): Promise<void> {
    const alive = this.children
      .splice(0)
      .filter(({ exitCode, signalCode }) => (exitCode ?? signalCode) === null);
    await Promise.all(alive.map((child) => this.end(child, 'SIGKILL')));
    this.lines = [];
  }

  async remove(): Promise<void> {
    await this.reset();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const exitOf = async (child: ChildProcess): Promise<number | null> =>
  ((await once(child, 'exit')) as [number | null])[0];
