import { Aws, type Stack } from 'aws-cdk-lib';
import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import { API_KEY_PREFIX } from '../../../core/contract/keys';
import { ENV, OUTPUT } from '../../../core/contract/environment';
import { STREAMING_IDLE_SECONDS } from '../../../core/contract/limits';
import { spotscribeApp } from '../../../lib/app';
import { streaming } from '../../../lib/http/streaming';
import { defaultSettings, type Settings } from '../../../lib/settings';
import { container, environment } from '../containers';
import { pathTemplate, TEMPLATES_ONLY } from '../templates';

const PATH = 'FastApi';
const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d';
const template = (settings: Partial<Settings> = { certificateArn }) =>
  pathTemplate({ paths: [PATH], ...settings }, PATH);
const context = (settings: Partial<Settings>) => ({
  spotscribe: { paths: [PATH], ...settings },
  ...TEMPLATES_ONLY,
});

type Properties = Record<string, unknown>;
interface Rule {
  Priority: number;
  Conditions: Record<string, { Values: string[] }>[];
  Actions: { Type: string; TargetGroupArn?: unknown; FixedResponseConfig?: Record<string, string> }[];
}

const all = <T = Properties>(of: Template, type: string): [string, T][] =>
  Object.entries(of.findResources(type)).map(([id, { Properties }]) => [id, Properties as T]);

describe('a public load balancer with the user’s certificate', () => {
  const standard = template();
  const [[publicId, balancer] = ['', {}]] = all(standard, 'AWS::ElasticLoadBalancingV2::LoadBalancer').filter(
    ([, { Scheme }]) => Scheme === 'internet-facing',
  );
  const listeners = all(standard, 'AWS::ElasticLoadBalancingV2::Listener').filter(
    ([, { LoadBalancerArn }]) => (LoadBalancerArn as { Ref: string }).Ref === publicId,
  );
  const rules = all<Rule>(standard, 'AWS::ElasticLoadBalancingV2::ListenerRule').map(([, rule]) => rule);
  const [[targetsId, targets] = ['', {}]] = all(standard, 'AWS::ElasticLoadBalancingV2::TargetGroup').filter(
    ([, { Port }]) => Port === 8081,
  );

  test('exists only if the settings request it', () => {
    const without = template({});
    for (const type of ['LoadBalancer', 'Listener', 'TargetGroup']) {
      without.resourceCountIs(`AWS::ElasticLoadBalancingV2::${type}`, 1);
      standard.resourceCountIs(`AWS::ElasticLoadBalancingV2::${type}`, 2);
    }
    without.resourceCountIs('AWS::ElasticLoadBalancingV2::ListenerRule', 0);
    expect(environment(container('worker', {}, PATH))).not.toHaveProperty(ENV.streamingPort);
    expect(JSON.stringify(without.toJSON().Outputs)).not.toContain(OUTPUT.streamingEndpoint);
    expect(standard.findOutputs(OUTPUT.streamingEndpoint)).toEqual({
      [OUTPUT.streamingEndpoint]: { Value: { 'Fn::GetAtt': [publicId, 'DNSName'] } },
    });
  });

  test('accepts only TLS 1.2 or newer, with that certificate', () => {
    expect(listeners.map(([, listener]) => listener)).toEqual([
      expect.objectContaining({
        Port: 443,
        Protocol: 'HTTPS',
        Certificates: [{ CertificateArn: certificateArn }],
        SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09',
      }),
    ]);
  });

  test('drops invalid headers, and waits as long as OpenAI’s clients do', () => {
    expect(balancer.LoadBalancerAttributes).toEqual(
      expect.arrayContaining([
        { Key: 'routing.http.drop_invalid_header_fields.enabled', Value: 'true' },
        { Key: 'idle_timeout.timeout_seconds', Value: String(STREAMING_IDLE_SECONDS) },
      ]),
    );
  });

  test('forwards only audio routes with something like a key to the machines', () => {
    const forwarding = rules.filter(({ Actions }) => Actions.some(({ Type }) => Type === 'forward'));
    const key = {
      Field: 'http-header',
      HttpHeaderConfig: { HttpHeaderName: 'Authorization', Values: [`Bearer?${API_KEY_PREFIX}*`] },
    };
    const route = (method: string, ...paths: string[]) => [
      { Field: 'http-request-method', HttpRequestMethodConfig: { Values: [method] } },
      { Field: 'path-pattern', PathPatternConfig: { Values: paths } },
    ];
    const posted = route('POST', '/v1/audio/transcriptions', '/v1/audio/translations');
    expect(forwarding.map(({ Conditions }) => Conditions)).toEqual([
      [...posted, key],
      [...route('GET', '/v1/models', '/v1/models/*'), key],
    ]);
    for (const { Actions } of forwarding)
      expect(Actions).toEqual([{ Type: 'forward', TargetGroupArn: { Ref: targetsId } }]);
  });

  test('answers others in OpenAI’s format: 401 without a key, 405 for another method, 404 without a route', () => {
    const own = rules.flatMap(({ Actions, Priority }) =>
      Actions.flatMap(({ FixedResponseConfig: answer }) =>
        answer === undefined ? [] : [{ Priority, answer }],
      ),
    );
    const inTurn = own.sort((a, b) => a.Priority - b.Priority).map(({ answer }) => answer.StatusCode);
    expect(inTurn).toEqual(['401', '401', '405', '405']);
    const last = Math.max(
      ...rules.filter(({ Actions }) => Actions[0]?.Type === 'forward').map((rule) => rule.Priority),
    );
    for (const { Priority } of own) expect(Priority).toBeGreaterThan(last);
    const [{ FixedResponseConfig: unknown = {} } = {}] = listeners[0]?.[1].DefaultActions as Rule['Actions'];
    expect(unknown.StatusCode).toBe('404');
    for (const { ContentType, MessageBody = '' } of [...own.map(({ answer }) => answer), unknown]) {
      expect(ContentType).toBe('application/json');
      expect(MessageBody.length).toBeLessThanOrEqual(1024);
      expect(JSON.parse(MessageBody)).toEqual({
        error: {
          message: expect.any(String),
          type: 'invalid_request_error',
          param: null,
          code: expect.stringMatching(/^(unauthorized|invalid_request|not_found)$/),
        },
      });
    }
  });

  test('has the workers’ public servers as targets, with time to drain', () => {
    expect(targets).toMatchObject({ Port: 8081, Protocol: 'HTTP', HealthCheckPath: '/health' });
    standard.hasResourceProperties('AWS::ECS::Service', {
      LoadBalancers: Match.arrayWith([
        { ContainerName: 'worker', ContainerPort: 8081, TargetGroupArn: { Ref: targetsId } },
      ]),
    });
    const [[, group] = ['', {}]] = all(standard, 'AWS::AutoScaling::AutoScalingGroup');
    expect(group.TargetGroupARNs).toHaveLength(2);
    expect(group.TargetGroupARNs).toContainEqual({ Ref: targetsId });
  });

  test('reaches only that port of the machines, which accept only the two load balancers', () => {
    const ingress = all(standard, 'AWS::EC2::SecurityGroupIngress').map(
      ([, { FromPort, ToPort, ...rule }]) => {
        expect(rule).not.toHaveProperty('CidrIp');
        return [name(rule.SourceSecurityGroupId), name(rule.GroupId), FromPort, ToPort];
      },
    );
    expect(ingress.sort()).toEqual([
      ['AudioApiFrontDoor', 'Balancer', 80, 80],
      ['Balancer', 'BalancerMachines', 8001, 8001],
      ['StreamingBalancer', 'StreamingMachines', 8081, 8081],
    ]);
    const open = all(standard, 'AWS::EC2::SecurityGroup').flatMap(([id, { SecurityGroupIngress = [] }]) =>
      (SecurityGroupIngress as Properties[]).map(({ CidrIp, FromPort, ToPort }) => [
        short(id),
        CidrIp,
        FromPort,
        ToPort,
      ]),
    );
    expect(open).toEqual([['StreamingBalancer', '0.0.0.0/0', 443, 443]]);
  });

  test('keeps machines while it receives requests', () => {
    standard.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Sets the number of machines',
      Environment: {
        Variables: Match.objectLike({
          [ENV.publicLoadBalancer]: { 'Fn::GetAtt': [publicId, 'LoadBalancerFullName'] },
        }),
      },
    });
  });

  test('accepts the address ranges of the setting', () => {
    const narrowed = template({ certificateArn, allowedCidrs: ['203.0.113.0/24', '198.51.100.7/32'] });
    narrowed.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [
        Match.objectLike({ CidrIp: '203.0.113.0/24', FromPort: 443 }),
        Match.objectLike({ CidrIp: '198.51.100.7/32', FromPort: 443 }),
      ],
    });
    expect(JSON.stringify(narrowed.toJSON())).not.toContain('"CidrIp":"0.0.0.0/0","Description":"Holders');
  });

  test('lets the worker look up keys, but not change them', () => {
    const worker = container('worker', { certificateArn }, PATH) as unknown as { PortMappings: unknown };
    expect(worker.PortMappings).toEqual([
      { ContainerPort: 8080, HostPort: 0, Protocol: 'tcp' },
      { ContainerPort: 8081, HostPort: 8081, Protocol: 'tcp' },
    ]);
    const [[keysId] = ['']] = all(standard, 'AWS::DynamoDB::Table').filter(([id]) => id.includes('ApiKeys'));
    expect(environment(container('worker', { certificateArn }, PATH))).toMatchObject({
      [ENV.streamingPort]: '8081',
      [ENV.keysTable]: { Ref: keysId },
    });
    const allowed = all<{
      Roles: unknown;
      PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] };
    }>(standard, 'AWS::IAM::Policy')
      .filter(([id]) => id.includes('MachineTaskTaskRole'))
      .flatMap(([, { PolicyDocument }]) => PolicyDocument.Statement)
      .filter(({ Resource }) => JSON.stringify(Resource).includes(`"${keysId}"`));
    expect(allowed.map(({ Action }) => Action)).toEqual(['dynamodb:GetItem']);
  });

  test.each<[Partial<Settings>, RegExp]>([
    // 730.5 hours of $0.0225, and of three addresses at $0.005.
    [{ certificateArn }, /costs about \$27 a month, .* in 3 zones .*any address; "allowedCidrs"/],
    [
      { certificateArn, availabilityZones: 2, allowedCidrs: ['203.0.113.0/24'] },
      /\$24 .* from 203\.0\.113\.0\/24/,
    ],
  ])('is reported with its cost and allowed callers: %j', (settings, sentence) => {
    const app = spotscribeApp({ context: context(settings) });
    const stack = app.node.findChild(`Spotscribe-${PATH}`) as Stack;
    const found = Annotations.fromStack(stack).findInfo('*', Match.stringLikeRegexp('public load balancer'));
    expect(found.map(({ entry }) => entry.data)).toEqual([expect.stringMatching(sentence)]);
  });

  test.each<[Partial<Settings>, string]>([
    [
      { certificateArn: 'arn:aws:iam::123456789012:server-certificate/old' },
      'Setting "certificateArn" must be the ARN of an ACM certificate such as arn:aws:acm:',
    ],
    [
      { certificateArn, allowedCidrs: ['office'] },
      'Setting "allowedCidrs" must be IPv4 ranges such as 203.0.113.0/24',
    ],
    [{ certificateArn, allowedCidrs: ['2001:db8::/32'] }, 'Setting "allowedCidrs" must be IPv4 ranges'],
    [{ allowedCidrs: ['203.0.113.0/24'] }, 'Remove it, or set "certificateArn" too.'],
  ])('is rejected if the settings are invalid: %j', (settings, message) => {
    expect(() => template(settings)).toThrow(message);
  });

  test('requires a certificate in the stack’s region, if the region is known', () => {
    const settings = defaultSettings({ certificateArn });
    const anywhere = { certificateArn, allowedCidrs: ['0.0.0.0/0'] };
    expect(streaming(settings, 'eu-central-1')).toEqual(anywhere);
    expect(streaming(settings, Aws.REGION)).toEqual(anywhere);
    expect(() => streaming(settings, 'us-east-1')).toThrow(
      'Setting "certificateArn" must name a certificate in the stack\'s region us-east-1; got "arn:aws:acm:eu-central-1',
    );
  });
});

test('path 600 has it too, for the routes of speech', () => {
  const speech = pathTemplate({ paths: ['TextToSpeech'], certificateArn }, 'TextToSpeech');
  speech.resourceCountIs('AWS::ElasticLoadBalancingV2::LoadBalancer', 2);
  const paths = all<Rule>(speech, 'AWS::ElasticLoadBalancingV2::ListenerRule')
    .filter(([, { Actions }]) => Actions[0]?.Type === 'forward')
    .map(([, { Conditions }]) => Conditions.flatMap(({ PathPatternConfig: of }) => of?.Values ?? []));
  expect(paths).toEqual([['/v1/audio/speech'], ['/v1/audio/voices', '/v1/models', '/v1/models/*']]);
  // A rule has at most five values.
  for (const [, { Conditions }] of all<Rule>(speech, 'AWS::ElasticLoadBalancingV2::ListenerRule'))
    expect(
      JSON.stringify(Conditions)
        .match(/"Values":\["[^\]]*\]/g)!
        .join()
        .split('","').length,
    ).toBeLessThanOrEqual(5);
});

/** Name of the construct of a security group in the path's stack. */
const name = (reference: unknown) =>
  short((reference as { 'Fn::GetAtt'?: string[] })['Fn::GetAtt']?.[0] ?? '');
const short = (id: string) => id.replace(/^Path/, '').replace(/[0-9A-F]{8}$/, '');
