import { Match } from 'aws-cdk-lib/assertions';
import { ENV } from '../../../core/contract/environment';
import { SIZING_SECONDS } from '../../../core/contract/limits';
import { pathTemplate, templates } from '../templates';

describe('the fleet', () => {
  const template = pathTemplate({ instanceTypes: ['g4dn.xlarge', 'g6.xlarge'], maxMachines: 7 });

  test('asks for spot machines alone, of every type given, where capacity is cheapest to keep', () => {
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

  test('starts machines with an encrypted disk, and hides the machine’s role from containers', () => {
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [{ Ebs: Match.objectLike({ Encrypted: true, VolumeType: 'gp3' }) }],
      },
    });
  });

  test('lets nothing in, and out to HTTPS alone', () => {
    templates()['Spotscribe-Foundation']?.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [Match.objectLike({ FromPort: 443, ToPort: 443 })],
    });
  });

  test('has a sizer that knows how many machines there may be', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Sets how many machines run',
      Timeout: SIZING_SECONDS,
      Environment: { Variables: Match.objectLike({ [ENV.maxMachines]: '7', [ENV.warmMachines]: '0' }) },
    });
  });

  test('lets the sizer touch its own group, and its own rows of the jobs table alone', () => {
    const group = Object.keys(template.findResources('AWS::AutoScaling::AutoScalingGroup'))[0];
    template.hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Match.stringLikeRegexp('SizeFleetRole') }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: [
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
            Action: ['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'],
            Condition: {
              'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['machine#*', 'sizing'] },
              Null: { 'dynamodb:LeadingKeys': 'false' },
            },
          }),
        ]),
      },
    });
  });

  test('lets the worker end machines of its own group alone', () => {
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
