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
import { STOP_SECONDS } from '../../core/contract/limits';
import { acknowledge } from '../policies/acknowledge';
import type { GpuFleet } from '../fleet/gpu-fleet';
import type { GpuSharing } from './gpu-sharing';
import { CONTAINER_USER, MACHINE_PATH } from './machine-boot';
import type { ServiceImage } from '../images/service-image';

/** Where containers see the machine's folders. */
const MOUNT = {
  sharedAudio: '/shared-audio',
  models: '/models',
  scratch: '/scratch',
  machine: '/machine.json',
} as const;

type Volume = keyof typeof MOUNT;

/** The file that model services on one GPU lock by turns; all of them see and may write the folder that it lies in. */
export const GPU_PRIORITY_FILE = `${MOUNT.scratch}/gpu-priority`;

/** The least that ECS takes: a container that has run for less is not started again. */
const RESTART_SECONDS = 60;

export interface GpuTaskProps {
  readonly fleet: GpuFleet;
  readonly gpu: GpuSharing;
  /** Share of the machines that keep their task while a new version takes the place of the others', in percent. @default 0 */
  readonly minHealthyPercent?: number;
  /** For how long a task that fails a load balancer's checks is let be after its start. @default - no load balancer asks */
  readonly healthCheckGracePeriod?: Duration;
}

/** What a path decides about a model service. */
export interface ServicePlace {
  /** Memory set aside; the container may use what else is free. */
  readonly memory: Size;
  /** Without this container the path is of no use: the task is replaced when it ends. */
  readonly essential: boolean;
  /**
   * Whether ECS starts the container again when it ends after a minute or more, and leaves the task as it is. One that
   * ends sooner stays ended; if it is essential, the task is replaced then.
   */
  readonly restart: boolean;
  /** Port of the machine that leads to the service. @default - one that Docker chooses */
  readonly hostPort?: number;
  /** @default - nothing but what the service always gets */
  readonly environment?: Record<string, string>;
}

export interface ServiceContainer extends ServicePlace {
  /** Name of the container, and of its host in the worker's eyes. */
  readonly name: string;
  readonly image: ServiceImage;
  readonly port: number;
}

/**
 * The path's containers as one task that runs once on every machine: model services that know nothing of AWS, and
 * the worker that knows nothing of models, on a shared folder.
 */
export class GpuTask extends Construct {
  readonly definition: Ec2TaskDefinition;
  private readonly service: Ec2Service;
  private readonly log: LogGroup;
  private readonly services: { container: ContainerDefinition; port: number; urlVariable: string }[] = [];
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
      // In awsvpc mode a task in a public subnet has no way out; in host mode it could take the machine's role.
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
      'The variables are names and numbers; no secret is among them, and the task’s role is its only credential.',
    );
    acknowledge(
      this.definition.obtainExecutionRole(),
      'AwsSolutions-IAM5[Resource::*]',
      'ecr:GetAuthorizationToken works on * alone; pulling is limited to the path’s repositories.',
    );
    this.service = new Ec2Service(this, 'Service', {
      cluster: props.fleet.cluster,
      taskDefinition: this.definition,
      daemon: true,
      // A new version takes the old one's place on its machine: two do not fit on one GPU.
      minHealthyPercent: props.minHealthyPercent ?? 0,
      maxHealthyPercent: 100,
      healthCheckGracePeriod: props.healthCheckGracePeriod,
      circuitBreaker: { rollback: true },
    });
  }

  /** Adds the container that brings the models to the machine's disk and ends. */
  addModelFetch(image: ServiceImage, environment: Record<string, string>) {
    this.models = this.addContainer('models', ['models'], [], {
      image: image.containerImage(),
      command: ['fetch-models'],
      essential: false,
      memoryReservationMiB: 256,
      environment: { ...environment, ...this.region(), [ENV.modelDir]: MOUNT.models },
    });
  }

  /** Adds a model service: it sees the audio and the models but cannot change them. */
  addService(urlVariable: string, service: ServiceContainer) {
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
    this.services.push({ container, port: service.port, urlVariable });
  }

  /** Adds the worker, last: it is given the address of every model service. */
  addWorker(image: ServiceImage, environment: Record<string, string>) {
    const addresses = this.services.map(({ container, port, urlVariable }) => [
      urlVariable,
      `http://${container.containerName}:${port}`,
    ]);
    const worker = this.addContainer('worker', ['sharedAudio'], ['machine'], {
      image: image.containerImage(),
      essential: true,
      memoryReservationMiB: 512,
      stopTimeout: Duration.seconds(STOP_SECONDS + 5),
      environment: {
        ...environment,
        ...this.region(),
        ...(Object.fromEntries(addresses) as Record<string, string>),
        [ENV.port]: String(PORT.worker),
        [ENV.sharedAudio]: MOUNT.sharedAudio,
        [ENV.machineFile]: MOUNT.machine,
      },
    });
    worker.addPortMappings({ containerPort: PORT.worker });
    for (const { container } of this.services) {
      worker.addLink(container);
      // Started, not healthy: a model that never gets well must not keep the worker from saying so.
      worker.addContainerDependencies({ container, condition: ContainerDependencyCondition.START });
    }
  }

  /** Has the worker answer on a port of the machine, for a public load balancer. Nothing else of it is to be reached there. */
  openWorker(port: number, environment: Record<string, string>) {
    const worker = this.definition.findContainer('worker');
    if (worker === undefined) throw new Error('There is no worker yet: call addWorker first');
    worker.addPortMappings({ containerPort: port, hostPort: port });
    for (const [name, value] of Object.entries({ ...environment, [ENV.streamingPort]: String(port) }))
      worker.addEnvironment(name, value);
  }

  /** Has a load balancer know of every machine's task, for as long as that is not about to stop. */
  registerWith(targets: ApplicationTargetGroup, { container, port }: { container: string; port: number }) {
    targets.addTarget(this.service.loadBalancerTarget({ containerName: container, containerPort: port }));
  }

  /** For containers that talk to AWS: on EC2 the agent does not tell them where they are. */
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
