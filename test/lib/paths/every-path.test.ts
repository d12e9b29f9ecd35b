import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { ENV } from '../../../core/contract/environment';
import { MAX_RECEIVES, MOST_MACHINES, STOP_SECONDS } from '../../../core/contract/limits';
import type { SizeFleetEvent } from '../../../core/contract/machine';
import { PATHS } from '../../../lib/paths';
import { deployedTasks } from '../../../lib/services';
import { readSettings, type Settings } from '../../../lib/settings';
import { pathTemplate } from '../templates';

interface Statement {
  Action: string | string[];
  Resource: unknown;
  Effect: string;
}

/** The only actions that may use `*`, because they support nothing else. */
const UNLIMITABLE = new Set([
  'autoscaling:DescribeAutoScalingGroups',
  'autoscaling:DescribeScalingActivities',
  'cloudwatch:GetMetricData',
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
  'ecr:GetAuthorizationToken',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
]);

const resources = (template: Template, type: string) => Object.values(template.findResources(type));

describe.each(PATHS.map((path) => [path.info.id, path] as const))('path %s', (id, path) => {
  const template = pathTemplate({ paths: [id] }, id);

  test('has a number and a summary', () => {
    expect(path.info.number % 100).toBe(0);
    expect(path.info.summary).not.toBe('');
  });

  const settings = readSettings(new App().node, {});
  const tasks = JSON.stringify(deployedTasks(path.info.services, settings));

  test('tells the handlers that create jobs its tasks', () => {
    const told = resources(template, 'AWS::Lambda::Function').flatMap(({ Properties }) => {
      const value = (Properties.Environment as { Variables: Record<string, string> }).Variables[ENV.tasks];
      return value === undefined ? [] : [[Properties.Description as string, value]];
    });
    expect(Object.fromEntries(told)).toMatchObject({
      'Creates a job and a URL to upload its audio': tasks,
      'Queues a job when its audio has arrived, and starts a machine': tasks,
    });
    expect(new Set(told.map(([, value]) => value))).toEqual(new Set([tasks]));
  });

  /** Statements in the policies of a role. */
  const allowed = (role: string) =>
    resources(template, 'AWS::IAM::Policy')
      .filter(({ Properties }) => JSON.stringify(Properties.Roles).includes(`"${role}"`))
      .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement);
  const workerAllowed = () => {
    const [task] = resources(template, 'AWS::ECS::TaskDefinition');
    // Without containers, the worker uses the role of its machine.
    if (task === undefined) return allowed('PathFleetMachineRoleE8F7F6B6');
    return allowed((task?.Properties.TaskRoleArn as { 'Fn::GetAtt': [string] })['Fn::GetAtt'][0]);
  };
  const actionsOf = (statements: Statement[]) => statements.flatMap(({ Action }) => [Action].flat());

  test('lets its worker read checkpoints and results of earlier attempts', () => {
    const read = workerAllowed().filter(({ Action }) => [Action].flat().includes('s3:GetObject'));
    expect(JSON.stringify(read.map(({ Resource }) => Resource))).toContain('/jobs/*');
  });

  test('lets its worker send a new message when it returns a job', () => {
    expect(actionsOf(workerAllowed())).toContain('sqs:SendMessage');
  });

  test('keeps all versions of a recording, and reads and deletes only single versions in the inbox', () => {
    template.hasResourceProperties('AWS::S3::Bucket', { VersioningConfiguration: { Status: 'Enabled' } });
    const ofInbox = resources(template, 'AWS::IAM::Policy')
      .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
      .filter(({ Resource }) => JSON.stringify(Resource).includes('/inbox/*'));
    expect(actionsOf(ofInbox)).not.toContain('s3:DeleteObject');
    const ofWorker = workerAllowed().filter(({ Resource }) => JSON.stringify(Resource).includes('/inbox/*'));
    expect(actionsOf(ofWorker)).toEqual(['s3:GetObjectVersion', 's3:GetObject']);
  });

  test('sends messages that fail repeatedly to a dead-letter queue', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      RedrivePolicy: { maxReceiveCount: MAX_RECEIVES, deadLetterTargetArn: Match.anyValue() },
    });
  });

  test('has queues of normal and of bulk jobs that differ in nothing', () => {
    const queues = resources(template, 'AWS::SQS::Queue').filter(
      ({ Properties }) => Properties.RedrivePolicy !== undefined,
    );
    expect(queues).toHaveLength(2);
    expect(queues[0]!.Properties).toEqual(queues[1]!.Properties);
  });

  test('has alarms for dead letters, failed events and waiting jobs, each with its heading of the runbook', () => {
    const runbook = readFileSync(join(__dirname, '../../../docs/runbook.md'), 'utf8');
    const alarms = resources(template, 'AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThanOrEqual(3);
    for (const { Properties } of alarms) {
      const heading = /docs\/runbook\.md, "(.+)"$/.exec(Properties.AlarmDescription as string)?.[1];
      expect(runbook).toContain(`\n## ${heading}\n`);
      expect(Properties.AlarmActions).toHaveLength(1);
    }
  });

  test.each([
    ['LaunchesFailing', 'Minimum', 1, 3],
    ['FailedBoots', 'Maximum', 3, 1],
  ])('has an alarm for %s of its sizer', (MetricName, Statistic, Threshold, EvaluationPeriods) => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...{ MetricName, Statistic, Threshold, EvaluationPeriods, Period: 300 },
      Dimensions: [{ Name: 'service', Value: 'size-fleet' }],
    });
  });

  test('has an alarm for answers with 500, which Lambda does not count as errors', () => {
    const [{ Properties } = { Properties: {} }] = resources(template, 'AWS::Lambda::Function').filter(
      ({ Properties }) => Properties.Description === 'Creates a job and a URL to upload its audio',
    );
    const { Variables } = Properties.Environment as { Variables: Record<string, string> };
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Failures',
      Namespace: Variables.POWERTOOLS_METRICS_NAMESPACE,
      Dimensions: [{ Name: 'service', Value: Variables.POWERTOOLS_SERVICE_NAME }],
      Statistic: 'Sum',
    });
  });

  test('encrypts stored data, and accepts only TLS', () => {
    for (const { Properties } of resources(template, 'AWS::S3::Bucket')) {
      expect(Properties.BucketEncryption).toBeDefined();
      expect(Properties.PublicAccessBlockConfiguration).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
    }
    for (const { Properties } of resources(template, 'AWS::SQS::Queue')) {
      expect(Properties.SqsManagedSseEnabled).toBe(true);
    }
    for (const type of ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy']) {
      for (const { Properties } of resources(template, type)) {
        expect(JSON.stringify(Properties.PolicyDocument)).toContain('"aws:SecureTransport":"false"');
      }
    }
  });

  test('enables point-in-time recovery for every table', () => {
    for (const { Properties } of resources(template, 'AWS::DynamoDB::Table')) {
      expect(Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
    }
  });

  test('grants no wildcard actions, and wildcard resources only if names are impossible', () => {
    for (const { Properties } of resources(template, 'AWS::IAM::Policy')) {
      const { Statement } = Properties.PolicyDocument as { Statement: Statement[] };
      for (const statement of Statement) {
        const actions = [statement.Action].flat();
        expect(actions.filter((action) => action.includes('*'))).toEqual([]);
        if ([statement.Resource].flat().includes('*')) {
          expect(actions.filter((action) => !UNLIMITABLE.has(action))).toEqual([]);
        }
      }
    }
  });

  test('has no route without a key', () => {
    for (const { Properties } of resources(template, 'AWS::ApiGatewayV2::Route')) {
      expect(Properties).toMatchObject({ AuthorizationType: 'CUSTOM', AuthorizerId: expect.anything() });
    }
    expect(resources(template, 'AWS::Lambda::Url')).toEqual([]);
  });

  test.each<[string, Partial<Settings>]>([
    ['by default', {}],
    ['with warm machines', { warmMachines: 3, maxMachines: 6 }],
    ['with warm hours', { warmMachines: 2, warmHours: 'MON-FRI 08:00-18:00' }],
    ['without any', { warmMachines: 0 }],
  ])('has a group that a deployment neither waits for nor shrinks, %s', (_, settings) => {
    const deployed = pathTemplate({ paths: [id], ...settings }, id);
    const groups = resources(deployed, 'AWS::AutoScaling::AutoScalingGroup');
    expect(groups).toHaveLength(1);
    for (const { Properties, UpdatePolicy } of groups) {
      expect(Properties).toMatchObject({ MinSize: '0', MaxSize: String(MOST_MACHINES) });
      // Each of these terminates or starts machines.
      for (const property of [
        'DesiredCapacity',
        'CapacityRebalance',
        'MaxInstanceLifetime',
        'HealthCheckType',
      ])
        expect(Properties).not.toHaveProperty(property);
      expect(UpdatePolicy).toEqual({
        AutoScalingScheduledAction: { IgnoreUnmodifiedGroupSizeProperties: true },
      });
    }
    for (const type of ['ScheduledAction', 'ScalingPolicy', 'LifecycleHook', 'WarmPool'])
      expect(resources(deployed, `AWS::AutoScaling::${type}`)).toEqual([]);
  });

  test('watches its machines only when every worker writes heartbeats', () => {
    const rules = resources(template, 'AWS::Events::Rule').filter(
      ({ Properties }) => Properties.Description === 'Sets the number of machines each minute',
    );
    expect(rules).toHaveLength(1);
    // Machines without containers always had heartbeats.
    for (const service of Object.keys(template.findResources('AWS::ECS::Service')))
      expect(rules[0]?.DependsOn).toContain(service);
    const event: SizeFleetEvent = { watch: true };
    expect(rules[0]?.Properties.Targets).toMatchObject([{ Input: JSON.stringify(event) }]);
  });

  test('accepts no traffic from the internet', () => {
    const groups = resources(template, 'AWS::EC2::SecurityGroup').map(
      ({ Properties }) => (Properties.SecurityGroupIngress ?? []) as unknown[],
    );
    const rules = resources(template, 'AWS::EC2::SecurityGroupIngress').map(({ Properties }) => Properties);
    for (const rule of [...groups.flat(), ...rules]) {
      expect(rule).toHaveProperty('SourceSecurityGroupId');
      expect(rule).not.toHaveProperty('CidrIp');
      expect(rule).not.toHaveProperty('CidrIpv6');
    }
    for (const { Properties } of resources(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer')) {
      expect(Properties.Scheme).toBe('internal');
    }
  });

  test('runs containers without root and privileges, on a read-only root', () => {
    for (const { Properties } of resources(template, 'AWS::ECS::TaskDefinition')) {
      for (const container of Properties.ContainerDefinitions) {
        expect(container).toMatchObject({ ReadonlyRootFilesystem: true, Privileged: false });
        expect(container.User).not.toMatch(/^(0|root)(:|$)/);
      }
    }
  });

  test('gives the worker enough time to stop within a spot notice', () => {
    const [parameter] = resources(template, 'AWS::SSM::Parameter');
    expect(JSON.stringify(parameter?.Properties.Value)).toContain(`\\"stop_seconds\\":${STOP_SECONDS + 5}`);
    for (const { Properties } of resources(template, 'AWS::ECS::TaskDefinition'))
      expect(Properties.ContainerDefinitions).toContainEqual(
        expect.objectContaining({ Name: 'worker', StopTimeout: STOP_SECONDS + 5 }),
      );
  });

  test('keeps the user’s data when destroyed, unless the settings say otherwise', () => {
    const kept = ['AWS::S3::Bucket', 'AWS::DynamoDB::Table'];
    const policies = (of: Template) =>
      kept.flatMap((type) => resources(of, type).map(({ DeletionPolicy }) => DeletionPolicy));
    expect(new Set(policies(template))).toEqual(new Set(['Retain']));
    expect(new Set(policies(pathTemplate({ paths: [id], onDestroy: 'delete' }, id)))).toEqual(
      new Set(['Delete']),
    );
  });
});
