import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ENV } from '../../core/contract/environment';
import { KEY } from '../../core/contract/keys';
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

/** What the registry knows of a path. */
export interface PathInfo {
  /** The stack is named `Spotscribe-<id>`. */
  readonly id: string;
  readonly number: number;
  readonly summary: string;
  /** Whether its machines understand recordings: whether jobs may ask for an analysis. */
  readonly analysis: boolean;
}

/** How a path's machines differ from what is usual. */
export interface MachineTraits {
  /** How the containers come to the GPU. @default - one has it for itself */
  readonly gpu?: GpuSharing;
  /** Machines that run though nothing is queued. @default - none */
  readonly warmth?: Warmth;
  /** Whether a load balancer sends requests to the machines. @default false */
  readonly balanced?: boolean;
}

/** A class of the registry: a path with its description. */
export interface PathClass {
  readonly info: PathInfo;
  new (scope: Construct, id: string, props: PathProps): Path;
}

/** The longest that a task may take to fetch its models and load them. */
const MODEL_LOAD = Duration.minutes(15);

/**
 * One way to run the models: jobs come in by an API or a bucket, wait in a queue, and are worked on by a fleet
 * of spot machines. A path extends this with its list of model services and ends its constructor with
 * `addWorker`.
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
    const { id: path, analysis } = info;
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
    // A machine that comes before its images is of no use, and they may take an hour to be built.
    this.fleet.group.node.addDependency(this.images);
    this.task = new GpuTask(this, 'Machine', {
      fleet: this.fleet,
      gpu,
      // One of two machines keeps answering. Where there may be only one, it cannot be kept and replaced at once.
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
      analysis,
      settings,
    });
    this.api = new JobApi(this, 'Api', { store: this.store, path, analysis, settings });
    this.alarms = new Alarms(this, 'Alarms', {
      queue: this.queue,
      failedEvents: this.intake.failedEvents,
      email: settings.alarmEmail,
      handlers: [this.sizer.handler, this.intake.intakeUpload, this.intake.sweepJobs],
    });
    this.alarms.watchRequests(this.api.submitJob, 'submit-job');
  }

  /** Outputs of the path's own, by name. */
  get outputs(): Record<string, string> {
    return {};
  }

  /** The image of a container, from where the setting `images` says. */
  protected image(name: ImageName): ServiceImage {
    return this.images.image(name);
  }

  /** Adds the container that fetches the models of the path's services and ends. */
  protected addModelFetch(models: WantedModel[]) {
    const { modelCache, settings } = this.props;
    this.task.addModelFetch(this.image('worker'), {
      [ENV.modelBucket]: modelCache.bucket.bucketName,
      [ENV.models]: JSON.stringify(models),
    });
    modelCache.grantFetch(this.task.definition.taskRole);
    if (models.length === 0 || settings.fillModels === 'manual') return;
    const filled = modelCache.bring(this, 'Models', models);
    // A machine that comes before its models would be of no use.
    for (const waiting of [this.fleet.group, this.task]) waiting.node.addDependency(filled);
  }

  /**
   * Adds the worker, after the model services.
   *
   * @param streamingPort of the machine: has the worker answer holders of a key there, for a public load balancer
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
    // Recordings. Workers do not delete them.
    this.store.grantReadVersions(role, KEY.inboxPrefix, KEY.jobsPrefix);
    // What earlier attempts left: checkpoints, and a transcript that is published already. And recordings, for workers of the
    // previous release, which ask for no version: they still run while the stack is updated.
    this.store.grantReadObjects(role, KEY.inboxPrefix, KEY.jobsPrefix);
    this.store.grantWriteObjects(role, KEY.jobsPrefix);
    this.store.grantEraseVersions(role, KEY.jobsPrefix);
    this.queue.queue.grantConsumeMessages(role);
    // A job that is interrupted goes back as a new message.
    this.queue.queue.grantSendMessages(role);
    this.fleet.grantTerminate(role);
    grantPutEvents(this, role);
  }
}
