import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ENV } from '../../core/contract/environment';
import { KEY } from '../../core/contract/keys';
import type { DeployedTasks } from '../../core/contract/tasks';
import type { WantedModel } from '../../core/models/model-layout';
import { FleetSizer } from '../fleet/fleet-sizer';
import { GpuFleet } from '../fleet/gpu-fleet';
import { GpuSharing } from '../machine/gpu-sharing';
import { GpuTask } from '../machine/gpu-task';
import type { ImageSources } from '../images/image-builds';
import type { ImageName } from '../images/image-name';
import { PathImages } from '../images/path-images';
import type { ServiceImage } from '../images/service-image';
import type { Warmth } from '../fleet/warmth';
import { grantPutEvents } from '../jobs/completion-events';
import { JobApi } from '../http/job-api';
import { JobIntake } from '../jobs/job-intake';
import { JobQueue } from '../jobs/job-queue';
import { JobStore } from '../jobs/job-store';
import { limits, type Settings } from '../settings';
import type { SharedModels } from '../models/shared-models';
import type { SharedNetwork } from '../network/shared-network';
import { Alarms } from '../watch/alarms';

export interface PathProps {
  readonly network: SharedNetwork;
  readonly modelCache: SharedModels;
  readonly imageBuilds: ImageSources;
  readonly settings: Settings;
}

/** Description of a path in the registry. */
export interface PathInfo {
  /** The stack is named `Spotscribe-<id>`. */
  readonly id: string;
  readonly number: number;
  readonly summary: string;
  /** Whether jobs of this path can ask for an analysis. */
  readonly analysis: boolean;
}

/** How a path's machines differ from the default. */
export interface MachineTraits {
  /** How containers access the GPU. @default - one container has exclusive access */
  readonly gpu?: GpuSharing;
  /** Machines that run while nothing is queued. @default - none */
  readonly warmth?: Warmth;
  /** Whether a load balancer sends requests to the machines. @default false */
  readonly balanced?: boolean;
}

/** A path class of the registry, with its description. */
export interface PathClass {
  readonly info: PathInfo;
  new (scope: Construct, id: string, props: PathProps): Path;
}

/** The tasks that a path's machines do. */
export const tasksOf = ({ analysis }: PathInfo): DeployedTasks => ({
  transcription: {},
  ...(analysis && { analysis: {} }),
});

/** Maximum time for a task to fetch and load its models. */
const MODEL_LOAD = Duration.minutes(15);

/**
 * One way to run the models: jobs arrive through an API or a bucket, wait in a queue, and run on a
 * fleet of spot machines. Subclasses add their model services and call `addWorker` at the end of
 * their constructor.
 */
export abstract class Path extends Construct {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly fleet: GpuFleet;
  readonly task: GpuTask;
  readonly sizer: FleetSizer;
  readonly intake: JobIntake;
  readonly api: JobApi;
  readonly alarms: Alarms;
  private readonly images: PathImages;

  protected constructor(
    scope: Construct,
    id: string,
    private readonly info: PathInfo,
    protected readonly props: PathProps,
    { gpu = GpuSharing.exclusive(), warmth, balanced = false }: MachineTraits = {},
  ) {
    super(scope, id);
    const { settings, network, imageBuilds } = props;
    const { id: path } = info;
    const tasks = tasksOf(info);
    this.images = new PathImages(this, 'Images', { builds: imageBuilds, settings });
    this.store = new JobStore(this, 'Store', {
      onDestroy: settings.onDestroy,
      retention: Duration.days(settings.retentionDays),
    });
    this.queue = new JobQueue(this, 'Jobs', { visibility: Duration.seconds(settings.visibilitySeconds) });
    this.fleet = new GpuFleet(this, 'Fleet', {
      network,
      instanceTypes: settings.instanceTypes,
      gpu,
    });
    // Machines cannot work without their images, whose build may take an hour.
    this.fleet.group.node.addDependency(this.images);
    this.task = new GpuTask(this, 'Machine', {
      fleet: this.fleet,
      gpu,
      // Half of two or more machines keep answering. A single machine cannot be kept while it is
      // replaced.
      minHealthyPercent: warmth && warmth.machines >= 2 && !warmth.hours ? 50 : 0,
      healthCheckGracePeriod: balanced ? MODEL_LOAD : undefined,
    });
    this.sizer = new FleetSizer(this, 'Sizer', {
      ...{ fleet: this.fleet, queue: this.queue, store: this.store, path, settings, warmth },
      service: this.task,
    });
    this.intake = new JobIntake(this, 'Intake', {
      store: this.store,
      queue: this.queue,
      sizer: this.sizer,
      path,
      tasks,
      settings,
    });
    this.api = new JobApi(this, 'Api', { store: this.store, path, tasks, settings });
    this.alarms = new Alarms(this, 'Alarms', {
      queue: this.queue,
      failedEvents: this.intake.failedEvents,
      email: settings.alarmEmail,
      handlers: [this.sizer.handler, this.intake.intakeUpload, this.intake.sweepJobs],
    });
    this.alarms.watchRequests(this.api.submitJob, 'submit-job');
  }

  /** Additional outputs of the path, by name. */
  get outputs(): Record<string, string> {
    return {};
  }

  /** The image of a container, from the source that the setting `images` selects. */
  protected image(name: ImageName): ServiceImage {
    return this.images.image(name);
  }

  /** Adds the container that fetches the models of the path's services and then exits. */
  protected addModelFetch(models: WantedModel[]) {
    const { modelCache, settings } = this.props;
    this.task.addModelFetch(this.image('worker'), {
      [ENV.modelBucket]: modelCache.bucket.bucketName,
      [ENV.models]: JSON.stringify(models),
    });
    modelCache.grantFetch(this.task.definition.taskRole);
    if (models.length === 0 || settings.fillModels === 'manual') return;
    const filled = modelCache.bring(this, 'Models', models);
    // Machines cannot work without their models.
    for (const waiting of [this.fleet.group, this.task]) waiting.node.addDependency(filled);
  }

  /**
   * Adds the worker, after the model services.
   *
   * @param streamingPort port of the machine on which the worker serves callers with a key, for a
   * public load balancer
   */
  protected addWorker(streamingPort?: number) {
    const { settings } = this.props;
    this.task.addWorker(this.image('worker'), {
      [ENV.path]: this.info.id,
      [ENV.jobsTable]: this.store.table.tableName,
      [ENV.mediaBucket]: this.store.bucket.bucketName,
      [ENV.queueUrl]: this.queue.queue.queueUrl,
      [ENV.fleetName]: this.fleet.group.autoScalingGroupName,
      [ENV.idleSeconds]: limits(settings).idleSeconds,
      [ENV.visibilitySeconds]: String(settings.visibilitySeconds),
      [ENV.maxAudioSeconds]: limits(settings).maxAudioSeconds,
      [ENV.maxUploadBytes]: limits(settings).maxUploadBytes,
      [ENV.modelSilenceSeconds]: String(settings.modelSilenceSeconds),
    });
    const role = this.task.definition.taskRole;
    if (streamingPort !== undefined) {
      this.task.openWorker(streamingPort, this.api.keyEnvironment);
      this.api.grantCheckKeys(role);
    }
    this.store.grantTransition(role);
    // Recordings, which workers only read.
    this.store.grantReadVersions(role, KEY.inboxPrefix, KEY.jobsPrefix);
    // Checkpoints and published transcripts of earlier attempts. Also recordings: workers of the
    // previous release, which still run during an update, read them without a version id.
    this.store.grantReadObjects(role, KEY.inboxPrefix, KEY.jobsPrefix);
    this.store.grantWriteObjects(role, KEY.jobsPrefix);
    this.store.grantEraseVersions(role, KEY.jobsPrefix);
    this.queue.queue.grantConsumeMessages(role);
    // The worker returns an interrupted job to the queue as a new message.
    this.queue.queue.grantSendMessages(role);
    this.fleet.grantTerminate(role);
    grantPutEvents(this, role);
  }
}
