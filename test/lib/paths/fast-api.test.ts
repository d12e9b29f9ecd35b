import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import type { Stack } from 'aws-cdk-lib';
import { ENV } from '../../../core/contract/environment';
import { spotscribeApp } from '../../../lib/app';
import { warmth } from '../../../lib/fleet/warmth';
import { defaultSettings, type Settings } from '../../../lib/settings';
import { container } from '../containers';
import { pathTemplate, TEMPLATES_ONLY } from '../templates';

const PATH = 'FastApi';
const template = (settings: Partial<Settings> = {}) => pathTemplate({ paths: [PATH], ...settings }, PATH);
const only = (type: string, settings?: Partial<Settings>) => {
  const found = Object.entries(template(settings).findResources(type));
  expect(found).toHaveLength(1);
  const [id, { Properties }] = found[0] as [string, { Properties: Record<string, unknown> }];
  return { id, properties: Properties };
};

describe('path 300', () => {
  const standard = template();

  test('gives the whisper service a fixed port of the machine, and the GPU', () => {
    expect(container('whisper', {}, PATH)).toMatchObject({
      PortMappings: [{ ContainerPort: 8001, HostPort: 8001 }],
      ResourceRequirements: [{ Type: 'GPU', Value: '1' }],
    });
  });

  test('registers each whisper service with the load balancer, with time to load its model', () => {
    standard.hasResourceProperties('AWS::ECS::Service', {
      SchedulingStrategy: 'DAEMON',
      LoadBalancers: [
        {
          ContainerName: 'whisper',
          ContainerPort: 8001,
          TargetGroupArn: { Ref: only('AWS::ElasticLoadBalancingV2::TargetGroup').id },
        },
      ],
      HealthCheckGracePeriodSeconds: 900,
    });
  });

  test('sends requests to the healthy machine with the fewest, and lets them finish', () => {
    const { properties } = only('AWS::ElasticLoadBalancingV2::TargetGroup');
    expect(properties).toMatchObject({
      TargetType: 'instance',
      Port: 8001,
      HealthCheckPath: '/health',
      Matcher: { HttpCode: '200' },
    });
    const attributes = properties.TargetGroupAttributes as { Key: string; Value: string }[];
    expect(Object.fromEntries(attributes.map(({ Key, Value }) => [Key, Value]))).toMatchObject({
      'load_balancing.algorithm.type': 'least_outstanding_requests',
      'deregistration_delay.timeout_seconds': '30',
    });
  });

  test('starts no warm machine before its images and models exist', () => {
    const [group] = Object.values(standard.findResources('AWS::AutoScaling::AutoScalingGroup'));
    const awaited = ['Custom::SpotscribeImage', 'Custom::SpotscribeModels'].flatMap((type) =>
      Object.keys(standard.findResources(type)),
    );
    // Images of the worker, the model service and its environment, and the models.
    expect(awaited).toHaveLength(4);
    expect(group?.DependsOn).toEqual(expect.arrayContaining(awaited));
  });

  test('lets a machine finish its requests before it terminates itself', () => {
    expect(only('AWS::AutoScaling::AutoScalingGroup').properties.TargetGroupARNs).toEqual([
      { Ref: only('AWS::ElasticLoadBalancingV2::TargetGroup').id },
    ]);
  });

  test('scales out for the requests that its load balancer counts', () => {
    standard.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Sets the number of machines',
      Environment: {
        Variables: Match.objectLike({
          [ENV.loadBalancer]: {
            'Fn::GetAtt': [only('AWS::ElasticLoadBalancingV2::LoadBalancer').id, 'LoadBalancerFullName'],
          },
          [ENV.requestsPerMachine]: '2',
        }),
      },
    });
    const readers = (each: Template) =>
      each.findResources('AWS::IAM::Policy', {
        Properties: {
          PolicyDocument: {
            Statement: Match.arrayWith([Match.objectLike({ Action: 'cloudwatch:GetMetricData' })]),
          },
        },
      });
    expect(Object.keys(readers(standard))).toEqual([expect.stringContaining('SizerSizeFleetRole')]);
    expect(readers(pathTemplate({}, 'DockerGpu'))).toEqual({});
  });

  test('keeps the wait below the timeout of the function, the drain and the idle timeout', () => {
    const [{ Properties } = { Properties: {} }] = Object.values(
      standard.findResources('AWS::Lambda::Function', {
        Properties: { Environment: { Variables: { [ENV.machinesUrl]: Match.anyValue() } } },
      }),
    );
    const { Timeout, Environment } = Properties as {
      Timeout: number;
      Environment: { Variables: Record<string, string> };
    };
    const wait = Number(Environment.Variables[ENV.waitSeconds]);
    expect(wait).toBe(25);
    expect(Timeout).toBeGreaterThan(wait);
    // The gateway times out after 30 s.
    expect(Timeout).toBeLessThan(30);
    standard.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Scheme: 'internal',
      LoadBalancerAttributes: Match.arrayWith([{ Key: 'idle_timeout.timeout_seconds', Value: '55' }]),
    });
  });

  test('allows only function to load balancer, and load balancer to machines', () => {
    const rules = (direction: string, peer: string) =>
      Object.values(standard.findResources(`AWS::EC2::SecurityGroup${direction}`)).map(
        ({ Properties }) =>
          [
            groupName(Properties[peer]),
            groupName(Properties.GroupId),
            Properties.FromPort,
            Properties.ToPort,
          ] as unknown[],
      );
    expect(rules('Ingress', 'SourceSecurityGroupId').sort()).toEqual([
      ['Balancer', 'Machines', 8001, 8001],
      ['FrontDoor', 'Balancer', 80, 80],
    ]);
    expect(rules('Egress', 'DestinationSecurityGroupId').sort()).toEqual(
      [
        ['Machines', 'Balancer', 8001, 8001],
        ['Balancer', 'FrontDoor', 80, 80],
      ].sort(),
    );
    for (const { Properties } of Object.values(standard.findResources('AWS::EC2::SecurityGroup')))
      expect(Properties).not.toHaveProperty('SecurityGroupIngress');
  });

  test('adds the machines to the security group that accepts the load balancer', () => {
    standard.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        NetworkInterfaces: [
          Match.objectLike({
            Groups: [
              { Ref: Match.stringLikeRegexp('MachineSecurityGroupId') },
              { 'Fn::GetAtt': [Match.stringLikeRegexp('BalancerMachines'), 'GroupId'] },
            ],
          }),
        ],
      },
    });
  });

  test.each(['POST /v1/audio/transcriptions', 'POST /v1/audio/translations', 'GET /v1/models'])(
    'answers %s',
    (route) => {
      standard.hasResourceProperties('AWS::ApiGatewayV2::Route', {
        RouteKey: route,
        AuthorizationType: 'CUSTOM',
      });
    },
  );

  test('denies the function’s code the actions that Lambda needs to attach it to the VPC', () => {
    standard.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Action: Match.arrayWith(['ec2:CreateNetworkInterface']),
            Condition: { Null: { 'lambda:SourceFunctionArn': 'false' } },
          }),
        ]),
      },
      Roles: [{ Ref: Match.stringLikeRegexp('TranscribeAudioRole') }],
    });
  });

  test.each(['Errors', 'Failures'])('has an alarm for failures of the function: %s', (MetricName) => {
    standard.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName,
      AlarmDescription: Match.stringLikeRegexp('TranscribeAudio'),
    });
  });

  test('requires two zones', () => {
    expect(() => template({ availabilityZones: 1 })).toThrow(
      'Setting "availabilityZones" must be at least 2 for a path with a load balancer; got 1.',
    );
  });
});

describe('warm machines', () => {
  test.each<[Partial<Settings>, Record<string, string>]>([
    [{}, { [ENV.warmMachines]: '1' }],
    [{ warmMachines: 0 }, { [ENV.warmMachines]: '0' }],
    [
      { warmMachines: 2, warmHours: 'MON-FRI 08:00-18:30', warmTimeZone: 'Europe/Berlin' },
      {
        [ENV.warmMachines]: '2',
        [ENV.warmHours]: 'MON-FRI 08:00-18:30',
        [ENV.warmTimeZone]: 'Europe/Berlin',
      },
    ],
  ])('are configured in the sizer: %j', (settings, expected) => {
    const [sizer] = Object.values(
      template(settings).findResources('AWS::Lambda::Function', {
        Properties: { Description: 'Sets the number of machines' },
      }),
    );
    const { Variables } = (sizer?.Properties as { Environment: { Variables: Record<string, string> } })
      .Environment;
    const names = [ENV.warmMachines, ENV.warmHours, ENV.warmTimeZone];
    expect(
      Object.fromEntries(names.flatMap((name) => (name in Variables ? [[name, Variables[name]]] : []))),
    ).toEqual(expected);
  });

  test.each<[string, Partial<Settings>, number]>([
    ['one machine is replaced at once, and the queue takes over', {}, 0],
    ['one of two machines stays', { warmMachines: 2 }, 50],
    [
      'a machine that may be the only one is replaced at once',
      { warmMachines: 2, warmHours: 'SAT 10:00-12:00' },
      0,
    ],
  ])('during an update: %s', (_, settings, MinimumHealthyPercent) => {
    template(settings).hasResourceProperties('AWS::ECS::Service', {
      DeploymentConfiguration: { MinimumHealthyPercent, MaximumPercent: 100 },
    });
  });

  test.each<[Partial<Settings>, RegExp]>([
    // 730.5 hours at an estimated $0.205.
    [
      {},
      /1 warm machine \(g4dn\.xlarge, spot\) for 731 hours costs about \$150 a month .*load balancer.*\$16/,
    ],
    // 5 × 10 hours a week, 4.348 weeks a month.
    [
      { warmMachines: 2, warmHours: 'MON-FRI 08:00-18:00' },
      /2 warm machines \(g4dn\.xlarge, spot\) for 217 hours costs about \$89 a month/,
    ],
    [
      { warmMachines: 0 },
      /No machine is kept warm, which costs nothing\. The load balancer costs about \$16/,
    ],
    [{ instanceTypes: ['p9.large'] }, /no price is known for p9\.large/],
  ])('are reported with their cost a month: %j', (settings, sentence) => {
    const annotations = (path: string) => {
      const app = spotscribeApp({
        context: {
          spotscribe: { paths: ['FastApi', 'DockerGpu'], ...settings },
          ...TEMPLATES_ONLY,
        },
      });
      return Annotations.fromStack(app.node.findChild(`Spotscribe-${path}`) as Stack).findInfo(
        '*',
        Match.stringLikeRegexp('warm'),
      );
    };
    expect(annotations('FastApi').map(({ entry }) => entry.data)).toEqual([expect.stringMatching(sentence)]);
  });

  test.each<[Partial<Settings>, string]>([
    [{ warmMachines: 5 }, 'Setting "warmMachines" must be at most "maxMachines" (4); got 5.'],
    [{ warmHours: 'MON-FRI 18:00-08:00' }, 'Setting "warmHours" must end after it begins'],
    [{ warmHours: 'FRI-MON 08:00-18:00' }, 'Setting "warmHours" must end after it begins'],
    [{ warmHours: 'daily' }, 'Setting "warmHours" must be like MON-FRI 08:00-18:00; got "daily".'],
    [{ warmTimeZone: 'Mars/Olympus' }, 'Setting "warmTimeZone" must be a time zone such as Europe/Berlin'],
  ])('are rejected if the settings contradict each other: %j', (settings, message) => {
    expect(() => template(settings)).toThrow(message);
  });

  test('may run daily, in a week that ends on Sunday', () => {
    const settings = defaultSettings({ warmHours: 'MON-SUN 00:00-23:59' });
    const kept = warmth(settings, true);
    expect(kept.hours).toEqual({
      text: settings.warmHours,
      timeZone: 'Etc/UTC',
      hoursAWeek: expect.closeTo(167.88),
    });
  });
});

/** Name of the construct of a security group in the path's stack. */
function groupName(reference: unknown): string {
  const id = (reference as { 'Fn::GetAtt'?: string[] })['Fn::GetAtt']?.[0] ?? JSON.stringify(reference);
  if (id.includes('FrontDoor')) return 'FrontDoor';
  if (id.includes('BalancerMachines')) return 'Machines';
  return id.includes('Balancer') ? 'Balancer' : id;
}
