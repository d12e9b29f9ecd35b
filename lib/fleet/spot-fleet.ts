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
  type CfnLaunchTemplate,
  EbsDeviceVolumeType,
  InstanceInitiatedShutdownBehavior,
  InstanceType,
  type ISecurityGroup,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  SubnetType,
} from 'aws-cdk-lib/aws-ec2';
import type { IApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { type IGrantable, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { MOST_MACHINES } from '../../core/contract/limits';
import type { GpuAccess } from '../../core/contract/machine-spec';
import { acknowledge, acknowledgeWildcard, findingName } from '../policies/acknowledge';
import type { SharedNetwork } from '../network/shared-network';
import type { MachinePlatform, MachineRuntime } from '../machine/runtime';

export interface SpotFleetProps {
  readonly network: SharedNetwork;
  /** Machine types in order of preference. */
  readonly instanceTypes: string[];
  /** Runs the processes on the machines. */
  readonly runtime: MachineRuntime;
  /** How processes use the GPU. */
  readonly gpu: GpuAccess;
  /** Whether there is a second group, of on-demand machines. @default false */
  readonly onDemand?: boolean;
}

/**
 * A group of spot GPU machines that starts at zero. The runtime decides what they boot.
 *
 * The group is no ECS capacity provider, because managed scaling launches two machines from zero
 * and needs 15 minutes to remove one (see docs/decisions/001). `FleetSizer` sets the group's limits
 * and scales out; workers terminate their own machines.
 *
 * A second group has on-demand machines, for times without spot capacity (docs/decisions/051).
 */
export class SpotFleet extends Construct {
  readonly platform: MachinePlatform;
  readonly group: AutoScalingGroup;
  /** The group of on-demand machines, if there is one. */
  readonly onDemandGroup?: AutoScalingGroup;
  private readonly launch: LaunchTemplate;
  private readonly machineRole: Role;
  /** ARNs of the target groups that machines drain from. */
  private readonly targets: string[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SpotFleetProps,
  ) {
    super(scope, id);
    const { runtime, network, gpu } = props;
    this.platform = runtime(this, { vpc: network.vpc, gpu });
    this.machineRole = new Role(this, 'MachineRole', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    });
    this.platform.configureRole(this.machineRole);
    this.launch = this.launchTemplate();
    this.group = this.autoScalingGroup('Machines', 0);
    if (props.onDemand === true) this.onDemandGroup = this.autoScalingGroup('OnDemandMachines', 100);
    // By its name: the launch template waits for the role's own policies, and the group for the template.
    this.grantTerminate(Role.fromRoleName(this, 'BootRole', this.machineRole.roleName));
  }

  /** All groups of machines. */
  get groups(): AutoScalingGroup[] {
    return this.onDemandGroup === undefined ? [this.group] : [this.group, this.onDemandGroup];
  }

  /** Adds a security group to every machine. */
  addSecurityGroup(group: ISecurityGroup) {
    this.launch.addSecurityGroup(group);
  }

  /**
   * Lets a machine finish its requests before it terminates: the group deregisters it from the
   * targets and waits for their deregistration delay. ECS also registers the machines, at the same
   * port, but would notice a termination too late.
   */
  drainFrom(targets: IApplicationTargetGroup) {
    // Set on the resource: the construct's method opens the machines' shared security group.
    this.targets.push(targets.targetGroupArn);
    for (const { node } of this.groups)
      (node.defaultChild as CfnAutoScalingGroup).targetGroupArns = this.targets;
  }

  /** Lets a worker terminate machines of this group only. */
  grantTerminate(grantee: IGrantable) {
    this.grantGroup(grantee, 'autoscaling:TerminateInstanceInAutoScalingGroup');
  }

  /**
   * Lets the sizer set the group's size and limits, suspend and resume its processes and terminate
   * its machines.
   */
  grantSize(grantee: IGrantable) {
    this.grantGroup(
      grantee,
      // Of processes that AWS has suspended.
      'autoscaling:ResumeProcesses',
      'autoscaling:SetDesiredCapacity',
      'autoscaling:SuspendProcesses',
      'autoscaling:TerminateInstanceInAutoScalingGroup',
      // It can only change sizes: another launch template requires iam:PassRole and
      // ec2:RunInstances.
      'autoscaling:UpdateAutoScalingGroup',
    );
    grantee.grantPrincipal.addToPrincipalPolicy(
      // These actions support only `*`.
      new PolicyStatement({
        actions: ['autoscaling:DescribeAutoScalingGroups', 'autoscaling:DescribeScalingActivities'],
        resources: ['*'],
      }),
    );
    acknowledgeWildcard(grantee, '*', 'Describing groups and writing traces support only *.');
  }

  private grantGroup(grantee: IGrantable, ...actions: string[]) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions,
        // A template cannot refer to the id in a group's ARN. The name is unique in the account.
        resources: this.groups.map(({ autoScalingGroupName }) =>
          Stack.of(this).formatArn({
            service: 'autoscaling',
            resource: 'autoScalingGroup',
            resourceName: `*:autoScalingGroupName/${autoScalingGroupName}`,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ),
      }),
    );
    for (const { node } of this.groups)
      acknowledgeWildcard(
        grantee,
        `arn:<AWS::Partition>:autoscaling:<AWS::Region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/${findingName(node.findChild('ASG'))}`,
        'A template cannot refer to the id in a group’s ARN. The name is unique in the account.',
      );
  }

  /** @param onDemandPercentage of its machines: 0 or 100 */
  private autoScalingGroup(id: string, onDemandPercentage: number): AutoScalingGroup {
    const { network, instanceTypes } = this.props;
    const group = new AutoScalingGroup(this, id, {
      vpc: network.vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      // Constant, so that CloudFormation never changes them: it would wait for a minimum without
      // spot capacity, and a maximum below the number of machines would terminate working ones.
      // `FleetSizer` sets both in the group, from the settings.
      minCapacity: 0,
      maxCapacity: MOST_MACHINES,
      mixedInstancesPolicy: {
        instancesDistribution: {
          onDemandBaseCapacity: 0,
          onDemandPercentageAboveBaseCapacity: onDemandPercentage,
          onDemandAllocationStrategy: OnDemandAllocationStrategy.PRIORITIZED,
          spotAllocationStrategy: SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
        },
        launchTemplate: this.launch,
        launchTemplateOverrides: instanceTypes.map((type) => ({ instanceType: new InstanceType(type) })),
      },
      // Workers and the sizer name the machine to terminate. If something else scales in, terminate
      // the newest machine, which has done the least work.
      terminationPolicies: [TerminationPolicy.NEWEST_INSTANCE],
      groupMetrics: [GroupMetrics.all()],
      defaultInstanceWarmup: Duration.minutes(3),
    });
    acknowledge(
      group,
      'AwsSolutions-AS3',
      'Machines start and stop with the queue. Alarms report failures, not each launch.',
    );
    acknowledge(
      group,
      'AwsSolutions-EC26',
      'The rule cannot read a referenced launch template. Its volume is encrypted, and a test checks that.',
    );
    return group;
  }

  private launchTemplate(): LaunchTemplate {
    const { machineImage, userData, rootGib } = this.platform;
    const launch = new LaunchTemplate(this, 'Launch', {
      machineImage,
      role: this.machineRole,
      securityGroup: this.props.network.machineSecurityGroup,
      associatePublicIpAddress: true,
      // A boot script that cannot end its machine by the group switches it off.
      instanceInitiatedShutdownBehavior: InstanceInitiatedShutdownBehavior.TERMINATE,
      userData,
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      requireImdsv2: true,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(rootGib ?? 0, {
            volumeType: EbsDeviceVolumeType.GP3,
            encrypted: true,
            deleteOnTermination: true,
          }),
        },
      ],
    });
    if (rootGib === undefined)
      (launch.node.defaultChild as CfnLaunchTemplate).addPropertyDeletionOverride(
        'LaunchTemplateData.BlockDeviceMappings.0.Ebs.VolumeSize',
      );
    return launch;
  }
}
