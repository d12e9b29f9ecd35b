import { Stack } from 'aws-cdk-lib';
import { AmiHardwareType, Cluster, EcsOptimizedImage, type ICluster } from 'aws-cdk-lib/aws-ecs';
import type { IMachineImage, IVpc, UserData } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, type Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { ServiceImage } from '../images/service-image';
import { acknowledge } from '../policies/acknowledge';
import { bootScript } from './boot-script';
import { EcsTask } from './ecs-task';
import { CONTAINER_USER } from './machine-paths';
import type { MachinePlatform, MachineRuntime, PlatformOptions, ProcessesProps } from './runtime';

/** Runs the processes as the containers of one ECS task on every machine. */
export const ecsRuntime: MachineRuntime = (fleet, options) => new EcsPlatform(fleet, options);

/** Machines that join an ECS cluster of their fleet. */
class EcsPlatform implements MachinePlatform<ServiceImage> {
  readonly images = ServiceImage;
  readonly machineImage: IMachineImage = EcsOptimizedImage.amazonLinux2023(AmiHardwareType.GPU);
  /** For the system only: images and models are stored on the local disk. */
  readonly rootGib = 40;
  readonly userData: UserData;
  private readonly cluster: ICluster;

  constructor(fleet: Construct, { vpc, gpu }: PlatformOptions) {
    this.cluster = ecsCluster(fleet, vpc);
    this.userData = bootScript('ecs', {
      SPOTSCRIBE_CLUSTER: this.cluster.clusterName,
      SPOTSCRIBE_USER: CONTAINER_USER,
      SPOTSCRIBE_SHARED_GPU: gpu === 'shared' ? 'yes' : 'no',
      AWS_DEFAULT_REGION: Stack.of(fleet).region,
    });
  }

  /** Processes cannot use this role: the task has its own. */
  configureRole(role: Role) {
    role.addManagedPolicy(
      ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonEC2ContainerServiceforEC2Role'),
    );
    acknowledge(
      role,
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role]',
      'AWS maintains this policy for the ECS agent. Containers cannot use this role (IMDS hop limit 1).',
    );
  }

  run(scope: Construct, id: string, props: ProcessesProps<ServiceImage>): EcsTask {
    return new EcsTask(scope, id, { ...props, cluster: this.cluster });
  }
}

function ecsCluster(fleet: Construct, vpc: IVpc): ICluster {
  const cluster = new Cluster(fleet, 'Cluster', { vpc });
  acknowledge(
    cluster,
    'AwsSolutions-ECS4',
    'Container Insights costs more a month than the idle fleet; the worker publishes its own metrics.',
  );
  return Cluster.fromClusterAttributes(fleet, 'OwnCapacity', {
    clusterName: cluster.clusterName,
    clusterArn: cluster.clusterArn,
    vpc,
    securityGroups: [],
    // The boot script of the machines joins them to the cluster.
    hasEc2Capacity: true,
  });
}
