import { Duration, RemovalPolicy, type Size, Stack } from 'aws-cdk-lib';
import {
  type ContainerDefinition,
  type ContainerDefinitionOptions,
  ContainerDependencyCondition,
  Ec2Service,
  Ec2TaskDefinition,
  LogDrivers,
  NetworkMode,
} from 'aws-cdk-lib/aws-ecs';
import type { ApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { PORT } from '../../core/contract/container';
import { ENV } from '../../core/contract/environment';
import type { TaskName } from '../../core/contract/names';
import type { ServiceEndpoint } from '../../core/contract/tasks';
import { STOP_SECONDS } from '../../core/contract/limits';
import { acknowledge } from '../policies/acknowledge';
import type { GpuFleet } from '../fleet/gpu-fleet';
import type { GpuSharing } from './gpu-sharing';
import { CONTAINER_USER, MACHINE_PATH } from './machine-boot';
import type { ServiceImage } from '../images/service-image';

/** Mount points of the machine's folders in the containers. */
const MOUNT = {
  sharedAudio: '/shared-audio',
  models: '/models',
  scratch: '/scratch',
  machine: '/machine.json',
} as const;

type Volume = keyof typeof MOUNT;

/** Lock file for model services that share a GPU. All of them can write to its folder. */
export const GPU_PRIORITY_FILE = `${MOUNT.scratch}/gpu-priority`;

/** Minimum of ECS. A container that ran for less time is not restarted. */
const RESTART_SECONDS = 60;

export interface GpuTaskProps {
  readonly fleet: GpuFleet;
  readonly gpu: GpuSharing;
  /** Percentage of machines that keep their task while an update replaces the others. @default 0 */
  readonly minHealthyPercent?: number;
  /**
   * Time after start in which failed load balancer checks are ignored.
   *
   * @default - no load balancer
   */
  readonly healthCheckGracePeriod?: Duration;
}

/** Options of a model service that the path decides. */
export interface ServicePlace {
  /** Reserved memory. The container may use more if it is free. */
  readonly memory: Size;
  /** Whether the task needs this container. If so, the task is replaced when the container ends. */
  readonly essential: boolean;
  /**
   * Whether ECS restarts the container, without replacing the task, if it ran for a minute or more.
   * Otherwise it stays stopped, and the task is replaced if the container is essential.
   */
  readonly restart: boolean;
  /** Port of the machine that is mapped to the service. @default - Docker chooses one */
  readonly hostPort?: number;
  /** Additional environment variables. @default - none */
  readonly environment?: Record<string, string>;
}

export interface ServiceContainer extends ServicePlace {
  /** Name of the container, and its host name for the worker. */
  readonly name: string;
  readonly image: ServiceImage;
  readonly port: number;
}

/**
 * The path's containers as one task that runs once on every machine: model services that do not use
 * AWS, and a worker that does not use models. They share a folder.
 */
export class GpuTask extends Construct {
  readonly definition: Ec2TaskDefinition;
  private readonly service: Ec2Service;
  private readonly log: LogGroup;
  private readonly services: { container: ContainerDefinition; endpoint: ServiceEndpoint }[] = [];
  private models?: ContainerDefinition;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: GpuTaskProps,
  ) {
    super(scope, id);
    this.log = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.definition = new Ec2TaskDefinition(this, 'Task', {
      // In awsvpc mode a task in a public subnet cannot reach the internet; in host mode it could
      // use the machine's role.
      networkMode: NetworkMode.BRIDGE,
      volumes: [
        { name: 'sharedAudio', host: { sourcePath: MACHINE_PATH.sharedAudio } },
        { name: 'models', host: { sourcePath: MACHINE_PATH.models } },
        { name: 'scratch', host: { sourcePath: MACHINE_PATH.scratch } },
        { name: 'machine', host: { sourcePath: MACHINE_PATH.about } },
      ],
    });
    acknowledge(
      this.definition,
      'AwsSolutions-ECS2',
      'The variables are names and numbers without secrets. The task role is the only credential.',
    );
    acknowledge(
      this.definition.obtainExecutionRole(),
      'AwsSolutions-IAM5[Resource::*]',
      'ecr:GetAuthorizationToken supports only *. Pulling is limited to the path’s repositories.',
    );
    this.service = new Ec2Service(this, 'Service', {
      cluster: props.fleet.cluster,
      taskDefinition: this.definition,
      daemon: true,
      // An update replaces the task on its machine, because two tasks do not fit on one GPU.
      minHealthyPercent: props.minHealthyPercent ?? 0,
      maxHealthyPercent: 100,
      healthCheckGracePeriod: props.healthCheckGracePeriod,
      circuitBreaker: { rollback: true },
    });
  }

  /** Adds the container that copies the models to the machine's disk and then exits. */
  addModelFetch(image: ServiceImage, environment: Record<string, string>) {
    this.models = this.addContainer('models', ['models'], [], {
      image: image.containerImage(),
      command: ['fetch-models'],
      essential: false,
      memoryReservationMiB: 256,
      environment: { ...environment, ...this.region(), [ENV.modelDir]: MOUNT.models },
    });
  }

  /** Adds a model service, which can read the audio and the models but not change them. */
  addService(tasks: TaskName[], service: ServiceContainer) {
    const { gpu } = this.props;
    const container = this.addContainer(service.name, ['scratch'], ['sharedAudio', 'models'], {
      image: service.image.containerImage(),
      essential: service.essential,
      memoryReservationMiB: service.memory.toMebibytes(),
      gpuCount: gpu.gpuCount,
      ...(service.restart && {
        enableRestartPolicy: true,
        restartAttemptPeriod: Duration.seconds(RESTART_SECONDS),
      }),
      environment: {
        ...service.environment,
        ...gpu.environment,
        [ENV.port]: String(service.port),
        [ENV.modelDir]: MOUNT.models,
        [ENV.sharedAudio]: MOUNT.sharedAudio,
        TMPDIR: MOUNT.scratch,
      },
    });
    container.addPortMappings({ containerPort: service.port, hostPort: service.hostPort });
    if (this.models) {
      container.addContainerDependencies({
        container: this.models,
        condition: ContainerDependencyCondition.SUCCESS,
      });
    }
    const { name, port } = service;
    this.services.push({ container, endpoint: { name, url: `http://${name}:${port}`, tasks } });
  }

  /** Adds the worker. Call this last, because the worker gets the endpoint of every model service. */
  addWorker(image: ServiceImage, environment: Record<string, string>) {
    const worker = this.addContainer('worker', ['sharedAudio'], ['machine'], {
      image: image.containerImage(),
      essential: true,
      memoryReservationMiB: 512,
      stopTimeout: Duration.seconds(STOP_SECONDS + 5),
      environment: {
        ...environment,
        ...this.region(),
        [ENV.services]: JSON.stringify(this.services.map(({ endpoint }) => endpoint)),
        [ENV.port]: String(PORT.worker),
        [ENV.sharedAudio]: MOUNT.sharedAudio,
        [ENV.machineFile]: MOUNT.machine,
      },
    });
    worker.addPortMappings({ containerPort: PORT.worker });
    for (const { container } of this.services) {
      worker.addLink(container);
      // Started, not healthy: the worker must start and report a model that never becomes healthy.
      worker.addContainerDependencies({ container, condition: ContainerDependencyCondition.START });
    }
  }

  /** Opens the worker's public server on a port of the machine, for a public load balancer. */
  openWorker(port: number, environment: Record<string, string>) {
    const worker = this.definition.findContainer('worker');
    if (worker === undefined) throw new Error('There is no worker yet: call addWorker first');
    worker.addPortMappings({ containerPort: port, hostPort: port });
    for (const [name, value] of Object.entries({ ...environment, [ENV.streamingPort]: String(port) }))
      worker.addEnvironment(name, value);
  }

  /** Registers every running task with a load balancer, until the task is about to stop. */
  registerWith(targets: ApplicationTargetGroup, { container, port }: { container: string; port: number }) {
    targets.addTarget(this.service.loadBalancerTarget({ containerName: container, containerPort: port }));
  }

  /** For containers that call AWS: on EC2 the ECS agent does not set the region. */
  private region(): Record<string, string> {
    return { AWS_REGION: Stack.of(this).region };
  }

  private addContainer(
    name: string,
    writable: Volume[],
    readOnly: Volume[],
    options: ContainerDefinitionOptions,
  ): ContainerDefinition {
    const container = this.definition.addContainer(name, {
      user: CONTAINER_USER,
      readonlyRootFilesystem: true,
      privileged: false,
      logging: LogDrivers.awsLogs({ logGroup: this.log, streamPrefix: name }),
      ...options,
    });
    container.addMountPoints(
      ...writable.map((volume) => ({ sourceVolume: volume, containerPath: MOUNT[volume], readOnly: false })),
      ...readOnly.map((volume) => ({ sourceVolume: volume, containerPath: MOUNT[volume], readOnly: true })),
    );
    return container;
  }
}
