import { Duration } from 'aws-cdk-lib';
import type { ApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { ENV, OUTPUT } from '../../core/contract/environment';
import { KEY } from '../../core/contract/keys';
import type { GpuAccess } from '../../core/contract/machine-spec';
import type { DeployedTasks } from '../../core/contract/tasks';
import { announceCosts } from '../fleet/announce-costs';
import { FleetSizer } from '../fleet/fleet-sizer';
import { SpotFleet } from '../fleet/spot-fleet';
import { type Warmth, warmth } from '../fleet/warmth';
import { JobApi } from '../http/job-api';
import { VoiceApi } from '../http/voice-api';
import { RetryApi } from '../http/retry-api';
import { WarmApi } from '../http/warm-api';
import type { ImageSources } from '../images/image-builds';
import { PathImages } from '../images/path-images';
import type { ProcessImage } from '../images/process-image';
import { grantPutEvents } from '../jobs/completion-events';
import { JobIntake } from '../jobs/job-intake';
import { JobQueue } from '../jobs/job-queue';
import { JobStore } from '../jobs/job-store';
import { checkMachine } from '../machine/check-machine';
import { ecsRuntime } from '../machine/ecs-runtime';
import { MachineParameter } from '../machine/machine-parameter';
import { machineSpec } from '../machine/machine-spec';
import type { MachineProcesses, MachineRuntime } from '../machine/runtime';
import type { SharedModels } from '../models/shared-models';
import type { SharedNetwork } from '../network/shared-network';
import { deployedTasks, modelsOf, type ServiceUse } from '../services';
import { idleEnvironment, limits } from '../environment';
import type { Settings } from '../settings';
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
  /** The services on its machines. The worker asks the first one that does a task. */
  readonly services: readonly ServiceUse[];
}

/** How a path's machines differ from the default. */
export interface MachineTraits {
  /** How services use the GPU. @default 'exclusive' */
  readonly gpu?: GpuAccess;
  /** What runs the processes on the machines. @default - ECS */
  readonly runtime?: MachineRuntime;
  /**
   * Whether a load balancer sends requests to the machines. By default one machine is then kept
   * warm. @default false
   */
  readonly balanced?: boolean;
  /** Port of the machines for the worker's public server. @default - no such server */
  readonly streamingPort?: number;
}

/** A path class of the registry, with its description. */
export interface PathClass {
  readonly info: PathInfo;
  new (scope: Construct, id: string, props: PathProps): Path;
}

/** Maximum time for a task to fetch and load its models. */
const MODEL_LOAD = Duration.minutes(15);

/**
 * One way to run services: jobs arrive through an API or a bucket, wait in a queue, and run on a
 * fleet of spot machines. A path is its services and traits. Subclasses may add load balancers.
 */
export abstract class Path extends Construct {
  /** The tasks that the path's machines do. */
  readonly tasks: DeployedTasks;
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly fleet: SpotFleet;
  readonly processes: MachineProcesses;
  readonly parameter: MachineParameter;
  readonly sizer: FleetSizer;
  readonly intake: JobIntake;
  readonly api: JobApi;
  readonly alarms: Alarms;
  /** Machines that run while nothing is queued. */
  private readonly warmth: Warmth;

  /**
   * @throws SettingsError if the services contradict each other or do not fit on the machines, or
   * settings for warm machines contradict each other
   */
  protected constructor(
    scope: Construct,
    id: string,
    private readonly info: PathInfo,
    protected readonly props: PathProps,
    private readonly traits: MachineTraits = {},
  ) {
    super(scope, id);
    const { settings, network } = props;
    const { gpu = 'exclusive', runtime = ecsRuntime, balanced = false } = traits;
    const { id: path, services } = info;
    checkMachine({ path, services, settings, gpu });
    const tasks = (this.tasks = deployedTasks(services, settings));
    this.warmth = warmth(settings, balanced);
    this.store = new JobStore(this, 'Store', {
      onDestroy: settings.onDestroy,
      retention: Duration.days(settings.retentionDays),
    });
    this.queue = new JobQueue(this, 'Jobs', { visibility: Duration.seconds(settings.visibilitySeconds) });
    this.api = new JobApi(this, 'Api', { store: this.store, path, tasks, settings });
    const { instanceTypes } = settings;
    this.fleet = new SpotFleet(this, 'Fleet', {
      ...{ network, instanceTypes, runtime, gpu },
      onDemand: settings.onDemandAfter !== undefined,
    });
    const { images: form } = this.fleet.platform;
    const images = new PathImages(this, 'Images', { form, builds: props.imageBuilds, settings });
    [this.processes, this.parameter] = this.machine(images, gpu);
    // Machines cannot work without their images, whose build may take an hour. Running ones read the
    // parameter.
    for (const waiting of [...this.fleet.groups, this.parameter]) waiting.node.addDependency(images);
    this.sizer = new FleetSizer(this, 'Sizer', {
      ...{ fleet: this.fleet, queue: this.queue, store: this.store, path, settings },
      ...{ processes: this.processes, warmth: this.warmth, tasks, inPlace: traits.balanced === true },
    });
    new WarmApi(this, 'Warm', {
      ...{ api: this.api, store: this.store, sizer: this.sizer, path, warmth: this.warmth, settings },
    });
    new RetryApi(this, 'Retry', {
      ...{ api: this.api, store: this.store, queue: this.queue, sizer: this.sizer, path, settings },
    });
    if (tasks.transcription !== undefined) new VoiceApi(this, 'Voices', { api: this.api, store: this.store });
    this.intake = new JobIntake(this, 'Intake', {
      ...{ store: this.store, queue: this.queue, sizer: this.sizer, path, tasks, settings },
    });
    this.alarms = new Alarms(this, 'Alarms', {
      queue: this.queue,
      failedEvents: this.intake.failedEvents,
      email: settings.alarmEmail,
      handlers: [this.sizer.handler, this.intake.intakeUpload, this.intake.sweepJobs],
    });
    this.alarms.watchRequests(this.api.submitJob, 'submit-job');
    this.fetchModels();
    this.grantWorker();
    announceCosts(this, { warmth: this.warmth, tasks, settings, balanced });
  }

  /** Additional outputs of the path, by name. */
  get outputs(): Record<string, string> {
    return { ...this.processes.outputs, [OUTPUT.machine]: this.parameter.parameterName };
  }

  /** Registers a server of every machine with a load balancer, which machines leave before they stop. */
  protected register(
    server: { readonly process: string; readonly port: number },
    targets: ApplicationTargetGroup,
  ) {
    this.fleet.drainFrom(targets);
    this.processes.register(server, targets);
    this.parameter.register({ ...server, targets: targets.targetGroupArn });
  }

  /** Describes the machine, runs its processes and publishes the description. */
  private machine(images: PathImages<ProcessImage>, gpu: GpuAccess): [MachineProcesses, MachineParameter] {
    const { services } = this.info;
    const { settings, modelCache } = this.props;
    const { balanced = false, streamingPort } = this.traits;
    const { machines, hours } = this.warmth;
    const used: Record<string, ProcessImage> = {
      worker: images.image('worker'),
      ...Object.fromEntries(services.map(({ service }) => [service.name, images.imageOf(service)])),
    };
    const spec = machineSpec({
      ...{ services, settings, gpu, streamingPort },
      images: Object.fromEntries(Object.entries(used).map(([name, { uri }]) => [name, uri])),
      modelBucket: modelCache.bucket.bucketName,
      workerEnvironment: this.workerEnvironment(),
      // Half of two or more machines keep answering. A single machine cannot be kept while it is
      // replaced.
      minHealthyPercent: machines >= 2 && !hours ? 50 : 0,
    });
    const processes = this.fleet.platform.run(this, 'Machine', {
      ...{ spec, images: used },
      healthCheckGracePeriod: balanced ? MODEL_LOAD : undefined,
    });
    return [processes, new MachineParameter(this, 'MachineSpec', spec)];
  }

  private workerEnvironment(): Record<string, string> {
    const { settings } = this.props;
    return {
      [ENV.path]: this.info.id,
      [ENV.jobsTable]: this.store.table.tableName,
      [ENV.mediaBucket]: this.store.bucket.bucketName,
      ...this.queue.environment,
      [ENV.fleetName]: this.fleet.group.autoScalingGroupName,
      ...idleEnvironment(settings, this.traits.balanced === true),
      [ENV.visibilitySeconds]: String(settings.visibilitySeconds),
      [ENV.maxAudioSeconds]: limits(settings).maxAudioSeconds,
      [ENV.maxUploadBytes]: limits(settings).maxUploadBytes,
      [ENV.modelSilenceSeconds]: String(settings.modelSilenceSeconds),
      ...(this.traits.streamingPort !== undefined && this.api.keyEnvironment),
    };
  }

  /** Lets machines fetch the models of the services, and fills the cache with them. */
  private fetchModels() {
    const { modelCache, settings } = this.props;
    modelCache.grantFetch(this.processes.role);
    const models = modelsOf(
      this.info.services.map(({ service }) => service),
      settings,
    );
    if (models.length === 0 || settings.fillModels === 'manual') return;
    const filled = modelCache.bring(this, 'Models', models);
    // Machines cannot work without their models.
    for (const waiting of [...this.fleet.groups, this.processes, this.parameter])
      waiting.node.addDependency(filled);
  }

  private grantWorker() {
    const { role } = this.processes;
    if (this.traits.streamingPort !== undefined) this.api.grantCheckKeys(role);
    this.store.grantTransition(role);
    // Recordings, which workers only read.
    this.store.grantReadVersions(role, KEY.inboxPrefix, KEY.jobsPrefix);
    // Checkpoints and published transcripts of earlier attempts. Also recordings: workers of the
    // previous release, which still run during an update, read them without a version id.
    this.store.grantReadObjects(role, KEY.inboxPrefix, KEY.jobsPrefix);
    // Recordings of the voices that a transcription names.
    if (this.tasks.transcription !== undefined) this.store.grantReadObjects(role, KEY.voicesPrefix);
    this.store.grantWriteObjects(role, KEY.jobsPrefix);
    this.store.grantEraseVersions(role, KEY.jobsPrefix);
    this.queue.grantConsume(role);
    // The worker returns an interrupted job to its queue as a new message.
    this.queue.grantSend(role);
    this.fleet.grantTerminate(role);
    grantPutEvents(this, role);
  }
}
