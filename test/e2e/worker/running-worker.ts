import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskName } from '../../../core/contract/names';
import type { Clients } from '../../../docker/worker/src/clients';
import { GuardedService, type Guards } from '../../../docker/worker/src/services/guarded-service';
import { Services } from '../../../docker/worker/src/services/services';
import { HttpModelService } from '../../../docker/worker/src/services/http-model-service';
import { createLog } from '../../../docker/worker/src/log';
import { Worker } from '../../../docker/worker/src/worker';
import { freePort } from '../../../local/ports';
import { MACHINE, type WorkerAws } from './worker-aws';

export interface RunOptions {
  visibility?: number;
  checkpointMs?: number;
  clients?: Clients;
  guards?: Guards;
  /** Silence after which a service is taken for hung. @default 60000 */
  silenceMs?: number;
}

/** Where a model service is. */
type Service = { url: string };

/** The tasks of each service. */
const DOES = {
  whisper: ['transcription'],
  voxtral: ['analysis'],
  /** Voxtral alone. */
  both: ['transcription', 'analysis'],
  embeddings: ['embedding'],
  speech: ['speech'],
  own: ['custom'],
} as const satisfies Record<string, TaskName[]>;

/** Workers of a test, with what they log, until they are stopped. */
export class RunningWorkers {
  lines: Record<string, unknown>[] = [];
  readonly folders: string[] = [];
  private readonly workers: Worker[] = [];

  /** @param services the machine's services by name */
  async start(
    aws: WorkerAws,
    services: Partial<Record<keyof typeof DOES, Service>>,
    visibility: number,
    options: RunOptions = {},
  ): Promise<Worker> {
    const sharedAudio = mkdtempSync(join(tmpdir(), 'worker-audio-'));
    this.folders.push(sharedAudio);
    const log = createLog({
      write: (line) => void this.lines.push(JSON.parse(line) as Record<string, unknown>),
    });
    const guarded = (name: string, { url }: Service) => {
      const service = new HttpModelService(name, url, { silenceMs: options.silenceMs, healthTimeoutMs: 500 });
      return new GuardedService(service, log, options.guards);
    };
    const worker = new Worker({
      settings: {
        path: 'DockerGpu',
        jobsTable: aws.table,
        mediaBucket: aws.bucket,
        queueUrl: aws.queueUrl,
        bulkQueue: aws.bulkQueue,
        fleetName: 'fleet',
        maxAudioSeconds: 3600,
        maxUploadBytes: 1_000_000,
        visibilitySeconds: options.visibility ?? visibility,
        idleSeconds: 3600,
        idleRule: 'queue',
        host: '127.0.0.1',
        port: await freePort(),
        services: [],
        modelSilenceSeconds: 60,
        sharedAudio,
        machineFile: 'unused',
      },
      machine: MACHINE,
      clients: options.clients ?? aws.clients(),
      services: new Services(
        (Object.entries(services) as [keyof typeof DOES, Service][]).map(([name, service]) => ({
          service: guarded(name, service),
          tasks: DOES[name],
        })),
      ),
      log,
      waitSeconds: 1,
      checkpointMs: options.checkpointMs ?? 0,
    });
    await worker.start();
    this.workers.push(worker);
    return worker;
  }

  stop(worker: Worker): Promise<void> {
    this.workers.splice(this.workers.indexOf(worker), 1);
    return worker.stop();
  }

  /** Ends all workers and forgets what they wrote. */
  async reset(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.stop()));
    for (const folder of this.folders.splice(0)) rmSync(folder, { recursive: true, force: true });
    this.lines = [];
  }
}

/** The address of a worker's own server. */
export const addressOf = (worker: Worker): string =>
  `http://127.0.0.1:${(worker.server.server.address() as AddressInfo).port}`;
