import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import {
  AutoScalingGroup,
  type CfnAutoScalingGroup,
  GroupMetrics,
  OnDemandAllocationStrategy,
  Schedule,
  SpotAllocationStrategy,
  TerminationPolicy,
} from 'aws-cdk-lib/aws-autoscaling';
import {
  BlockDeviceVolume,
  type CfnLaunchTemplate,
  EbsDeviceVolumeType,
  InstanceType,
  type ISecurityGroup,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  SubnetType,
} from 'aws-cdk-lib/aws-ec2';
import { AmiHardwareType, Cluster, EcsOptimizedImage, type ICluster } from 'aws-cdk-lib/aws-ecs';
import type { IApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { type IGrantable, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard, findingName } from '../acknowledge';
import type { Network } from '../network';
import type { GpuSharing } from './gpu-sharing';
import { machineBoot } from './machine-boot';
import type { Warmth } from './warmth';

const HOURLY = '0 * * * *';

/** What machines start from, or what their image is baked of. */
export const BASE_IMAGE = EcsOptimizedImage.amazonLinux2023(AmiHardwareType.GPU);

/** For the system alone: images and models lie elsewhere. */
export const ROOT_VOLUME_GIB = 40;

export interface GpuFleetProps {
  readonly network: Network;
  /** Machine types, the first one preferred. */
  readonly instanceTypes: string[];
  readonly maxMachines: number;
  readonly gpu: GpuSharing;
  /** Machines that run though nothing is queued. @default - none */
  readonly warmth?: Warmth;
  /** Whether machines start from an image of the path's own (`startFrom`). @default false */
  readonly baked?: boolean;
}

/**
 * An ECS cluster of spot GPU machines that starts and rests at zero, or at the machines that are to be kept warm.
 *
 * The group is no ECS capacity provider: managed scaling launches two machines from zero and takes 15 minutes to
 * let one go (see docs/decisions/001). `FleetSizer` raises it, the workers end their own machines.
 */
export class GpuFleet extends Construct {
  readonly cluster: ICluster;
  readonly group: AutoScalingGroup;
  private readonly launch: LaunchTemplate;
  /** ARNs of what it drains from. */
  private readonly targets: string[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: GpuFleetProps,
  ) {
    super(scope, id);
    this.cluster = this.ecsCluster();
    this.launch = this.launchTemplate();
    this.group = this.autoScalingGroup();
    this.keepWarm();
  }

  /** Puts every machine into one more security group. */
  addSecurityGroup(group: ISecurityGroup) {
    this.launch.addSecurityGroup(group);
  }

  /**
   * Has a machine that ends itself finish what a load balancer has sent it: the group takes it out of the targets first, and
   * waits for their deregistration delay. ECS registers the same machines at the same port once their service runs; it
   * alone would not hear of a machine's end in time.
   */
  drainFrom(targets: IApplicationTargetGroup) {
    // On the resource itself: the construct's own way opens the machines' shared security group.
    const group = this.group.node.defaultChild as CfnAutoScalingGroup;
    this.targets.push(targets.targetGroupArn);
    group.targetGroupArns = this.targets;
  }

  /** Has machines start from an image that holds what they would bring, on a root volume of its size in GiB. */
  startFrom(imageId: string, volumeGib: number) {
    const launch = this.launch.node.defaultChild as CfnLaunchTemplate;
    launch.addPropertyOverride('LaunchTemplateData.ImageId', imageId);
    launch.addPropertyOverride('LaunchTemplateData.BlockDeviceMappings.0.Ebs.VolumeSize', volumeGib);
  }

  /** Lets a worker end its own machine, and no other group's. */
  grantTerminate(grantee: IGrantable) {
    this.grantGroup(grantee, 'autoscaling:TerminateInstanceInAutoScalingGroup');
  }

  /** Lets the sizer set the desired number of machines. */
  grantSize(grantee: IGrantable) {
    this.grantGroup(grantee, 'autoscaling:SetDesiredCapacity');
    grantee.grantPrincipal.addToPrincipalPolicy(
      // Describing groups cannot be limited to one.
      new PolicyStatement({
        actions: ['autoscaling:DescribeAutoScalingGroups', 'autoscaling:DescribeScalingActivities'],
        resources: ['*'],
      }),
    );
    acknowledgeWildcard(grantee, '*', 'Describing groups, and writing traces, works on * alone.');
  }

  private grantGroup(grantee: IGrantable, action: string) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [action],
        resources: [
          // The id in the middle of a group's ARN is not to be had in a template; the name is the group's own.
          Stack.of(this).formatArn({
            service: 'autoscaling',
            resource: 'autoScalingGroup',
            resourceName: `*:autoScalingGroupName/${this.group.autoScalingGroupName}`,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ],
      }),
    );
    acknowledgeWildcard(
      grantee,
      `arn:<AWS::Partition>:autoscaling:<AWS::Region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/${findingName(this.group.node.findChild('ASG'))}`,
      'The id in a group’s ARN is not to be had in a template; its name, which is, is unique in the account.',
    );
  }

  private ecsCluster(): ICluster {
    const cluster = new Cluster(this, 'Cluster', { vpc: this.props.network.vpc });
    acknowledge(
      cluster,
      'AwsSolutions-ECS4',
      'Container Insights costs more a month than the idle fleet; the worker publishes its own metrics.',
    );
    return Cluster.fromClusterAttributes(this, 'OwnCapacity', {
      clusterName: cluster.clusterName,
      clusterArn: cluster.clusterArn,
      vpc: this.props.network.vpc,
      securityGroups: [],
      // The machines join by their boot script.
      hasEc2Capacity: true,
    });
  }

  private autoScalingGroup(): AutoScalingGroup {
    const { network, instanceTypes, maxMachines, warmth } = this.props;
    const group = new AutoScalingGroup(this, 'Machines', {
      vpc: network.vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      // AWS itself keeps these: below them it refuses a worker that would end its machine. With hours, the schedule.
      minCapacity: warmth === undefined || warmth.hours ? 0 : warmth.machines,
      maxCapacity: maxMachines,
      mixedInstancesPolicy: {
        instancesDistribution: {
          onDemandBaseCapacity: 0,
          onDemandPercentageAboveBaseCapacity: 0,
          onDemandAllocationStrategy: OnDemandAllocationStrategy.PRIORITIZED,
          spotAllocationStrategy: SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
        },
        launchTemplate: this.launch,
        launchTemplateOverrides: instanceTypes.map((type) => ({ instanceType: new InstanceType(type) })),
      },
      // Where two sizings meet, the later one may lower the number: that must cost a machine that has only just begun.
      terminationPolicies: [TerminationPolicy.NEWEST_INSTANCE],
      groupMetrics: [GroupMetrics.all()],
      defaultInstanceWarmup: Duration.minutes(3),
    });
    acknowledge(
      group,
      'AwsSolutions-AS3',
      'Machines come and go with the queue: the alarms tell when that goes wrong, not each launch.',
    );
    acknowledge(
      group,
      'AwsSolutions-EC26',
      'The rule cannot read a launch template by reference; the volume in ours is encrypted, and a test says so.',
    );
    return group;
  }

  /**
   * Moves the least size by the clock, and that alone: raising it brings machines; after it is lowered they end themselves
   * when they are idle, whereas a lower desired number would end one in the midst of its work.
   */
  private keepWarm() {
    const { machines, hours } = this.props.warmth ?? {};
    if (hours !== undefined) {
      this.moveLeastSize('Warm', hours.from, machines, hours.timeZone);
      this.moveLeastSize('Cool', hours.to, 0, hours.timeZone);
    } else if (machines === 0) {
      // A deployment leaves a size alone that is the same in both templates, whatever a schedule that is gone has made
      // of it: without this, warm machines of earlier hours would stay and cost.
      this.moveLeastSize('Cool', HOURLY, 0);
    }
  }

  private moveLeastSize(id: string, cron: string, minCapacity: number | undefined, timeZone?: string) {
    this.group.scaleOnSchedule(id, { schedule: Schedule.expression(cron), timeZone, minCapacity });
  }

  private launchTemplate(): LaunchTemplate {
    const { network, gpu, baked } = this.props;
    const role = new Role(this, 'MachineRole', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [
        ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonEC2ContainerServiceforEC2Role'),
      ],
    });
    acknowledge(
      role,
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role]',
      'The ECS agent needs just what AWS maintains here. Containers cannot reach this role (IMDS hop limit 1).',
    );
    return new LaunchTemplate(this, 'Launch', {
      machineImage: BASE_IMAGE,
      role,
      securityGroup: network.machineSecurityGroup,
      associatePublicIpAddress: true,
      userData: machineBoot(this.cluster.clusterName, gpu.bootCommands, baked),
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      requireImdsv2: true,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(ROOT_VOLUME_GIB, {
            volumeType: EbsDeviceVolumeType.GP3,
            encrypted: true,
            deleteOnTermination: true,
          }),
        },
      ],
    });
  }
}
