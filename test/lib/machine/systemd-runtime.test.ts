import { App, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { systemdRuntime } from '../../../lib/machine/systemd-runtime';
import { pathTemplate } from '../templates';

const template = pathTemplate({ paths: ['Traditional'] }, 'Traditional');

/** Properties of the only resource of this type. */
const only = (type: string) => Object.values(template.findResources(type))[0]?.Properties as never;
const launch = () =>
  (only('AWS::EC2::LaunchTemplate') as { LaunchTemplateData: Record<string, unknown> }).LaunchTemplateData;

describe('machines without containers', () => {
  test('boot AWS’s Deep Learning AMI, with a disk of its size', () => {
    const { Ref } = launch().ImageId as { Ref: string };
    expect(template.toJSON().Parameters[Ref]).toMatchObject({
      Default: expect.stringContaining(
        '/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu',
      ) as string,
    });
    const [{ Ebs }] = launch().BlockDeviceMappings as [{ Ebs: object }];
    expect(Ebs).toEqual({ DeleteOnTermination: true, Encrypted: true, VolumeType: 'gp3' });
  });

  test('run the boot script, with the names that it needs first', () => {
    const { 'Fn::Base64': data } = launch().UserData as { 'Fn::Base64': { 'Fn::Join': [string, unknown[]] } };
    const lines = data['Fn::Join'][1]
      .map((part) => (typeof part === 'string' ? part : '<token>'))
      .join('')
      .split('\n');
    expect(lines.slice(0, 5)).toEqual([
      '#!/bin/bash',
      "export SPOTSCRIBE_PARAMETER='/Spotscribe-Traditional/Machine'",
      "export SPOTSCRIBE_LOG_GROUP='<token>'",
      "export SPOTSCRIBE_HEALTH='http://127.0.0.1:8080/health'",
      "export AWS_DEFAULT_REGION='<token>'",
    ]);
    // The limit of EC2, in bytes before the encoding.
    expect(Buffer.byteLength(lines.join('\n'))).toBeLessThan(16_384 - 500);
  });

  test('read only the file systems of their path', () => {
    const reading = Object.values(template.findResources('AWS::IAM::Policy'))
      .flatMap(
        ({ Properties }) => Properties.PolicyDocument.Statement as { Action: unknown; Resource: unknown }[],
      )
      .filter(({ Resource }) => JSON.stringify(Resource).includes('TreeBucketName'));
    expect(reading.map(({ Action }) => Action)).toEqual(['s3:GetObject', 's3:GetObject']);
    for (const { Resource } of reading)
      expect(JSON.stringify(Resource)).toMatch(/\/(worker|whisper)\/[0-9a-f]{64}\.tar"/);
  });

  test('cannot share a GPU or be behind a load balancer', () => {
    const stack = new Stack(new App(), 'Stack');
    const options = { vpc: undefined as never, gpu: 'exclusive' as const };
    expect(() => systemdRuntime(stack, { ...options, gpu: 'shared' })).toThrow('got "shared"');
    const platform = systemdRuntime(stack, options);
    platform.configureRole(new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
    const processes = platform.run(stack, 'Machine', { spec: {} as never, images: {} });
    expect(() => processes.register({ process: 'whisper', port: 8001 }, {} as never)).toThrow(
      'got "whisper"',
    );
  });
});
