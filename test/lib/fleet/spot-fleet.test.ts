import { Match } from 'aws-cdk-lib/assertions';
import { ENV } from '../../../core/contract/environment';
import { SIZING_SECONDS } from '../../../core/contract/limits';
import { pathTemplate, templates } from '../templates';

describe('the fleet', () => {
  const template = pathTemplate({ instanceTypes: ['g4dn.xlarge', 'g6.xlarge'], maxMachines: 7 });

  test('requests only spot machines, of all types, by price and capacity', () => {
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      MixedInstancesPolicy: {
        InstancesDistribution: {
          OnDemandBaseCapacity: 0,
          OnDemandPercentageAboveBaseCapacity: 0,
          SpotAllocationStrategy: 'price-capacity-optimized',
        },
        LaunchTemplate: {
          Overrides: [{ InstanceType: 'g4dn.xlarge' }, { InstanceType: 'g6.xlarge' }],
        },
      },
    });
  });

  test('needs no NAT gateway', () => {
    templates()['Spotscribe-Foundation']?.resourceCountIs('AWS::EC2::NatGateway', 0);
  });

  test('starts machines with an encrypted disk, and hides the machine role from containers', () => {
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [{ Ebs: Match.objectLike({ Encrypted: true, VolumeType: 'gp3' }) }],
      },
    });
  });

  test('allows no inbound traffic, and only HTTPS outbound', () => {
    templates()['Spotscribe-Foundation']?.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [Match.objectLike({ FromPort: 443, ToPort: 443 })],
    });
  });

  test('has a sizer that knows the maximum number of machines', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Sets the number of machines',
      Timeout: SIZING_SECONDS,
      Environment: { Variables: Match.objectLike({ [ENV.maxMachines]: '7', [ENV.warmMachines]: '0' }) },
    });
  });

  test('limits the sizer to its own group and its own rows of the jobs table', () => {
    const group = Object.keys(template.findResources('AWS::AutoScaling::AutoScalingGroup'))[0];
    template.hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Match.stringLikeRegexp('SizeFleetRole') }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: [
              'autoscaling:ResumeProcesses',
              'autoscaling:SetDesiredCapacity',
              'autoscaling:SuspendProcesses',
              'autoscaling:TerminateInstanceInAutoScalingGroup',
              'autoscaling:UpdateAutoScalingGroup',
            ],
            Resource: {
              'Fn::Join': [
                '',
                Match.arrayWith([':autoScalingGroup:*:autoScalingGroupName/', { Ref: group }]),
              ],
            },
          }),
          Match.objectLike({
            Action: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
            Condition: {
              'ForAllValues:StringLike': {
                'dynamodb:LeadingKeys': ['machine#*', 'sizing', 'fleet', 'fleet-machines', 'warm'],
              },
              Null: { 'dynamodb:LeadingKeys': 'false' },
            },
          }),
        ]),
      },
    });
  });

  test('lets the worker terminate only machines of its own group', () => {
    const group = Object.keys(template.findResources('AWS::AutoScaling::AutoScalingGroup'))[0];
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'autoscaling:TerminateInstanceInAutoScalingGroup',
            Resource: {
              'Fn::Join': [
                '',
                Match.arrayWith([':autoScalingGroup:*:autoScalingGroupName/', { Ref: group }]),
              ],
            },
          }),
        ]),
      },
    });
  });
});

describe('the on-demand group', () => {
  const GROUP = 'AWS::AutoScaling::AutoScalingGroup';

  test('does not exist without the setting', () => {
    pathTemplate({}).resourceCountIs(GROUP, 1);
  });

  test('has the spot group’s template, starts at zero, and is known to sizer and worker', () => {
    const template = pathTemplate({ onDemandAfter: 15, onDemandMachines: 2 });
    const groups = Object.entries(template.findResources(GROUP));
    const ofPercentage = (percentage: number) =>
      groups.find(([, group]) =>
        JSON.stringify(group).includes(`"OnDemandPercentageAboveBaseCapacity":${percentage},`),
      ) ?? [];
    const [id, onDemand] = ofPercentage(100);
    const [, spot] = ofPercentage(0);
    expect(onDemand?.Properties.MinSize).toBe('0');
    expect(onDemand?.Properties.MixedInstancesPolicy.LaunchTemplate).toEqual(
      spot?.Properties.MixedInstancesPolicy.LaunchTemplate,
    );
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          [ENV.onDemandFleetName]: { Ref: id },
          [ENV.onDemandAfter]: '15',
          [ENV.onDemandMachines]: '2',
        }),
      },
    });
    const mayEnd = Object.values(template.findResources('AWS::IAM::Policy')).filter((policy) =>
      JSON.stringify(policy).includes(`autoScalingGroupName/",{"Ref":"${id}"}`),
    );
    // The boot script, the worker and the sizer.
    expect(mayEnd).toHaveLength(3);
  });
});
