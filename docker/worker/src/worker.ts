import type { FastifyInstance } from 'fastify';
import type { Machine } from '../../../core/contract/machine';
import { findKey } from '../../../core/keys/find-key';
import { JobStore } from '../../../core/jobs/job-store';
import { FleetStore } from '../../../core/fleet/fleet-store';
import { queueBeside } from '../../../core/jobs/queue-beside';
import { MachineStore } from '../../../core/fleet/machine-store';
import { isNoticed } from '../../../core/fleet/watchdog';
import { UsageStore } from '../../../core/usage/usage-store';
import { type Clients, destroyClients } from './clients';
import { HeldJobs } from './forecast/held-jobs';
import { DirectRoute } from './http/direct-route';
import { Endings } from './jobs/endings';
import { Stopping } from './errors';
import { Health } from './http/health';
import { Heartbeat } from './queue/heartbeat';
import { IdleWatch } from './queue/idle';
import { IdleLimit } from './queue/idle-limit';
import { JobRunner } from './jobs/job-runner';
import { JobObjects } from './jobs/job-objects';
import { KnownKeys } from './http/known-keys';
import { ALL_TASKS } from '../../../core/tasks';
import type { Log } from './log';
import { MachineEnd } from './queue/machine-end';
import { MachineTime } from './jobs/machine-time';
import { Metering } from './http/metering';
import { Metrics } from './http/metrics';
import type { Services } from './services/services';
import { JobQueue } from './queue/queue';
import { Receiver } from './queue/receiver';
import { Scratch } from './jobs/scratch';
import { createServer } from './http/server';
import type { WorkerSettings } from './settings';
import { StreamingServer } from './http/streaming-server';

export interface WorkerOptions {
  settings: WorkerSettings;
  machine: Machine;
  clients: Clients;
  services: Services;
  log: Log;
  /** Shortest time between checkpoints, in milliseconds. @default 5000 */
  checkpointMs?: number;
  /**
   * Longest wait of a ReceiveMessage request, in seconds. A stop also waits for it. Empty receives
   * cost one cent in five hours. @default 3
   */
  waitSeconds?: number;
}

/** Creates, starts and stops all parts of a worker. */
export class Worker {
  readonly server: FastifyInstance;
  private readonly scratch: Scratch;
  private readonly receiver: Receiver;
  private readonly idle: IdleWatch;
  private readonly heartbeat: Heartbeat;
  private readonly machineEnd: MachineEnd;
  private readonly streamingServer: StreamingServer | undefined;
  private readonly stopping = new AbortController();
  private leaving: Promise<void> | undefined;
  private isDraining = false;

  constructor(private readonly options: WorkerOptions) {
    const { settings, machine, clients, services, log, checkpointMs = 5_000 } = options;
    const { s3, events, documents, sqs, autoScaling } = clients;
    const { mediaBucket: bucket, visibilitySeconds, maxUploadBytes, maxAudioSeconds, path } = settings;
    const store = new JobStore(documents, settings.jobsTable);
    const urls = { normal: settings.queueUrl, bulk: queueBeside(settings.queueUrl, settings.bulkQueue) };
    const queue = new JobQueue(sqs, urls, visibilitySeconds);
    const objects = new JobObjects(s3, bucket, log);
    this.scratch = new Scratch(settings.sharedAudio);
    const scratch = this.scratch;
    const health = new Health(services.all, scratch);
    const metrics = new Metrics({
      idleSeconds: () => this.receiver.idleSeconds,
      busy: () => this.receiver.busy,
    });
    const machineTime = new MachineTime();
    const held = new HeldJobs(services);
    const runner = new JobRunner({
      work: {
        ...{ s3, bucket, store, scratch, objects, services, log },
        ...{ maxUploadBytes, maxAudioSeconds, checkpointMs },
      },
      endings: new Endings({ events, store, objects, path, machine }),
      ...{ health, metrics, held, machineTime },
      visibilitySeconds,
      stopping: this.stopping.signal,
    });
    this.receiver = new Receiver({
      queue,
      handle: (delivery) => runner.handle(delivery),
      health,
      log,
      services: services.all.length,
      mayTakeEarly: (taken) => held.mayTakeEarly(taken),
      waitSeconds: options.waitSeconds ?? 3,
    });
    const { jobsTable, idleRule: kind, idleSeconds: seconds } = settings;
    const { instance_id: instanceId, instance_type: machineType } = machine;
    const fleet = new FleetStore(documents, jobsTable);
    const limit = new IdleLimit({ rule: { kind, seconds }, machineType, fleet, log });
    const presence = { receiver: this.receiver, health, log, limitSeconds: () => limit.seconds };
    this.heartbeat = new Heartbeat({
      ...{ ...presence, instanceId, held },
      machines: new MachineStore(documents, jobsTable),
      onBeat: (row) => {
        void limit.refresh();
        this.isDraining ||= row.drain_at !== undefined;
        if (isNoticed(row, Date.now())) void this.leave();
      },
    });
    this.machineEnd = new MachineEnd({ heartbeat: this.heartbeat, autoScaling, instanceId, log });
    this.idle = new IdleWatch({
      ...{ ...presence, queue, machineEnd: this.machineEnd },
      isDraining: () => this.isDraining,
    });
    const direct = new DirectRoute({
      ...{ services, scratch, machineTime, log, maxUploadBytes, maxAudioSeconds },
      receiver: () => this.receiver,
      stopping: this.stopping.signal,
    });
    this.server = createServer(health, metrics, log, services.find('analysis') && direct);
    this.streamingServer = this.createStreamingServer();
  }

  async start(): Promise<void> {
    const { settings } = this.options;
    await this.scratch.clear();
    await this.server.listen({ host: settings.host, port: settings.port });
    if (settings.streamingPort !== undefined)
      await this.streamingServer?.listen(settings.host, settings.streamingPort);
    this.receiver.start();
    this.idle.start();
    this.heartbeat.start();
  }

  /**
   * Returns current jobs to the queue, with checkpoints so that other workers can continue, and
   * stops.
   */
  async stop(): Promise<void> {
    await this.leave();
    await this.server.close();
    destroyClients(this.options.clients);
  }

  /** Returns the jobs and takes no more. Ends the machine if AWS takes it back. */
  private leave(): Promise<void> {
    return (this.leaving ??= this.giveBack());
  }

  private async giveBack(): Promise<void> {
    this.stopping.abort(new Stopping());
    this.idle.stop();
    this.heartbeat.stop();
    await Promise.all([this.receiver.drain(), this.streamingServer?.close()]);
    await this.machineEnd.leave();
  }

  private createStreamingServer(): StreamingServer | undefined {
    const { settings, clients, services, log } = this.options;
    const { streamingPort, keysTable, jobsTable, minutesPerDayPerKey, maxUploadBytes } = settings;
    if (streamingPort === undefined || keysTable === undefined) return undefined;
    // A path with a public server has one task with routes.
    const task = ALL_TASKS.find(({ name, routes }) => routes !== undefined && services.find(name));
    const endpoint = settings.services.find(({ tasks }) => tasks.some((name) => name === task?.name));
    const { unit } = task ?? {};
    if (task?.routes === undefined || endpoint === undefined) return undefined;
    if (unit === undefined || unit === 'item') return undefined;
    const service = services.for(task.name);
    return new StreamingServer({
      ...{ routes: task.routes, unit },
      serviceUrl: endpoint.url,
      log,
      keys: new KnownKeys({ find: (sha256) => findKey(clients.keys, keysTable, sha256) }),
      metering: new Metering(new UsageStore(clients.keys, jobsTable), log, unit, minutesPerDayPerKey),
      // Ignores the circuit breaker of the jobs: ECS replaces a task after three failed health
      // checks.
      unready: () => service.unreadyItself(),
      during: (work) => this.receiver.during(work),
      mostBytes: maxUploadBytes,
    });
  }
}
