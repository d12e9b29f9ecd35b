import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import {
  AutoScalingGroup,
  type CfnAutoScalingGroup,
  GroupMetrics,
  OnDemandAllocationStrategy,
  SpotAllocationStrategy,
  TerminationPolicy,
} from 'aws-cdk-lib/aws-autoscaling';
import {
  BlockDeviceVolume,
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
import { MOST_MACHINES } from '../../core/contract/limits';
import { acknowledge, acknowledgeWildcard, findingName } from '../policies/acknowledge';
import type { SharedNetwork } from '../network/shared-network';
import type { GpuSharing } from '../machine/gpu-sharing';
import { machineBoot } from '../machine/machine-boot';

export interface GpuFleetProps {
  readonly network: SharedNetwork;
  /** Machine types, the first one preferred. */
  readonly instanceTypes: string[];
  readonly gpu: GpuSharing;
}

/**
 * An ECS cluster of spot GPU machines that starts at zero.
 *
 * The group is no ECS capacity provider: managed scaling launches two machines from zero and takes 15 minutes to
 * let one go (see docs/decisions/001). `FleetSizer` sets the bounds of its size and raises it, the workers end their own
 * machines.
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

  /** Lets a worker end its own machine, and no other group's. */
  grantTerminate(grantee: IGrantable) {
    this.grantGroup(grantee, 'autoscaling:TerminateInstanceInAutoScalingGroup');
  }

  /** Lets the sizer move the size of this group and its bounds, suspend its processes and end its machines. */
  grantSize(grantee: IGrantable) {
    this.grantGroup(
      grantee,
      'autoscaling:SetDesiredCapacity',
      'autoscaling:SuspendProcesses',
      'autoscaling:TerminateInstanceInAutoScalingGroup',
      // Without iam:PassRole and ec2:RunInstances it changes sizes only: AWS refuses another launch template.
      'autoscaling:UpdateAutoScalingGroup',
    );
    grantee.grantPrincipal.addToPrincipalPolicy(
      // Describing groups cannot be limited to one.
      new PolicyStatement({ actions: ['autoscaling:DescribeAutoScalingGroups'], resources: ['*'] }),
    );
    acknowledgeWildcard(grantee, '*', 'Describing groups, and writing traces, works on * alone.');
  }

  private grantGroup(grantee: IGrantable, ...actions: string[]) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions,
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
      'A template cannot know the id in a group’s ARN. It knows the name, which is unique in the account.',
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
    const { network, instanceTypes } = this.props;
    const group = new AutoScalingGroup(this, 'Machines', {
      vpc: network.vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      // The same in every deployment, so that CloudFormation never changes them in a group: it would wait in vain for a
      // minimum without spot capacity, and a maximum below the number of machines ends some that work. `FleetSizer` sets
      // both by the settings, in the group itself.
      minCapacity: 0,
      maxCapacity: MOST_MACHINES,
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
      // Workers and sizer name the machine that they end. If something else lowers the number, a machine goes that has only
      // just begun.
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

  private launchTemplate(): LaunchTemplate {
    const { network, gpu } = this.props;
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
      machineImage: EcsOptimizedImage.amazonLinux2023(AmiHardwareType.GPU),
      role,
      securityGroup: network.machineSecurityGroup,
      associatePublicIpAddress: true,
      userData: machineBoot(this.cluster.clusterName, gpu.bootCommands),
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      requireImdsv2: true,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          // For the system alone, in GiB: images and models lie on the local disk.
          volume: BlockDeviceVolume.ebs(40, {
            volumeType: EbsDeviceVolumeType.GP3,
            encrypted: true,
            deleteOnTermination: true,
          }),
        },
      ],
    });
  }
}
