import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  type ContainerDefinition,
  ContainerDependencyCondition,
  Ec2Service,
  Ec2TaskDefinition,
  type ICluster,
  LogDrivers,
  NetworkMode,
} from 'aws-cdk-lib/aws-ecs';
import type { ApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { OUTPUT } from '../../core/contract/environment';
import type { MachineProcess } from '../../core/contract/machine-spec';
import { found } from '../../core/machine/found';
import { mountPoint } from '../../core/machine/mount-point';
import { expand, urlsIn } from '../../core/machine/placeholders';
import type { ServiceImage } from '../images/service-image';
import { acknowledge } from '../policies/acknowledge';
import { SHARED_GPU } from './ecs-gpu';
import { CONTAINER_USER } from './machine-paths';
import type { MachineProcesses, ProcessesProps } from './runtime';

const CONDITION = {
  started: ContainerDependencyCondition.START,
  succeeded: ContainerDependencyCondition.SUCCESS,
};

export interface EcsTaskProps extends ProcessesProps<ServiceImage> {
  readonly cluster: ICluster;
}

/** The processes of a specification as the containers of one task, which runs once on every machine. */
export class EcsTask extends Construct implements MachineProcesses {
  readonly role: IGrantable;
  readonly outputs: Record<string, string>;
  private readonly definition: Ec2TaskDefinition;
  private readonly service: Ec2Service;
  private readonly log: LogGroup;
  private readonly containers = new Map<string, ContainerDefinition>();

  constructor(
    scope: Construct,
    id: string,
    private readonly props: EcsTaskProps,
  ) {
    super(scope, id);
    const { spec, cluster } = props;
    this.log = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.definition = this.taskDefinition();
    this.service = new Ec2Service(this, 'Service', {
      cluster,
      taskDefinition: this.definition,
      daemon: true,
      // An update replaces the task on its machine, because two tasks do not fit on one GPU.
      minHealthyPercent: spec.min_healthy_percent ?? 0,
      maxHealthyPercent: 100,
      healthCheckGracePeriod: props.healthCheckGracePeriod,
      circuitBreaker: { rollback: true },
    });
    for (const process of spec.processes) this.containers.set(process.name, this.container(process));
    for (const process of spec.processes) this.connect(process);
    this.role = this.definition.taskRole;
    this.outputs = {
      [OUTPUT.clusterName]: cluster.clusterName,
      [OUTPUT.taskDefinition]: this.definition.taskDefinitionArn,
    };
  }

  register(
    { process, port }: { readonly process: string; readonly port: number },
    targets: ApplicationTargetGroup,
  ) {
    targets.addTarget(this.service.loadBalancerTarget({ containerName: process, containerPort: port }));
  }

  private taskDefinition(): Ec2TaskDefinition {
    const volumes = Object.entries(this.props.spec.volumes);
    const definition = new Ec2TaskDefinition(this, 'Task', {
      // In awsvpc mode a task in a public subnet cannot reach the internet; in host mode it could
      // use the machine's role.
      networkMode: NetworkMode.BRIDGE,
      volumes: volumes.map(([name, sourcePath]) => ({ name, host: { sourcePath } })),
    });
    acknowledge(
      definition,
      'AwsSolutions-ECS2',
      'The variables are names and numbers without secrets. The task role is the only credential.',
    );
    acknowledge(
      definition.obtainExecutionRole(),
      'AwsSolutions-IAM5[Resource::*]',
      'ecr:GetAuthorizationToken supports only *. Pulling is limited to the path’s repositories.',
    );
    return definition;
  }

  private container(process: MachineProcess): ContainerDefinition {
    const { name, image = name, exec, gpu, stop_seconds: stop, restart_after_seconds: restart } = process;
    const container = this.definition.addContainer(name, {
      image: this.image(image),
      command: exec.args,
      user: CONTAINER_USER,
      readonlyRootFilesystem: true,
      privileged: false,
      essential: process.essential ?? true,
      memoryReservationMiB: process.memory_mib,
      gpuCount: gpu === 'exclusive' ? 1 : undefined,
      stopTimeout: stop === undefined ? undefined : Duration.seconds(stop),
      ...(restart !== undefined && {
        enableRestartPolicy: true,
        restartAttemptPeriod: Duration.seconds(restart),
      }),
      environment: this.environment(process),
      logging: LogDrivers.awsLogs({ logGroup: this.log, streamPrefix: name }),
    });
    for (const { port, host } of process.ports ?? [])
      container.addPortMappings({ containerPort: port, hostPort: host });
    for (const { volume, read_only: readOnly = false } of process.mounts ?? [])
      container.addMountPoints({
        sourceVolume: volume,
        containerPath: mountPoint(this.props.spec, volume),
        readOnly,
      });
    return container;
  }

  /** Links a container to those whose URLs it gets, and lets it wait for others. */
  private connect({ name, environment = {}, after = [] }: MachineProcess) {
    const container = this.containerOf(name);
    for (const linked of new Set(Object.values(environment).flatMap(urlsIn)))
      container.addLink(this.containerOf(linked));
    for (const { process, until = 'started' } of after)
      container.addContainerDependencies({
        container: this.containerOf(process),
        condition: CONDITION[until],
      });
  }

  private environment({ environment = {}, ports = [], aws, gpu }: MachineProcess): Record<string, string> {
    const placeholders = {
      url: (process: string) => `http://${process}:${this.portsOf(process)[0]?.port}`,
      mount: (volume: string) => mountPoint(this.props.spec, volume),
      port: (port = ports[0]?.port) => String(port),
    };
    return {
      ...Object.fromEntries(
        Object.entries(environment).map(([name, value]) => [name, expand(value, placeholders)]),
      ),
      ...(gpu === 'shared' && SHARED_GPU.environment),
      // On EC2 the ECS agent does not set the region.
      ...(aws === true && { AWS_REGION: Stack.of(this).region }),
    };
  }

  private portsOf(process: string) {
    return this.props.spec.processes.find(({ name }) => name === process)?.ports ?? [];
  }

  private image(name: string) {
    return found(this.props.images[name], 'image', name).containerImage();
  }

  private containerOf(name: string): ContainerDefinition {
    return found(this.containers.get(name), 'process', name);
  }
}
