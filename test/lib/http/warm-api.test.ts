import { Annotations, Match } from 'aws-cdk-lib/assertions';
import type { Stack } from 'aws-cdk-lib';
import { ENV } from '../../../core/contract/environment';
import { spotscribeApp } from '../../../lib/app';
import { PATHS } from '../../../lib/paths';
import type { Settings } from '../../../lib/settings';
import { pathTemplate, templates, TEMPLATES_ONLY } from '../templates';

const IDS = PATHS.map(({ info }) => info.id);

/** Variables of the function with this description. */
function variables(id: string, settings: Partial<Settings>, Description: string): Record<string, string> {
  const [found] = Object.values(
    pathTemplate(settings, id).findResources('AWS::Lambda::Function', { Properties: { Description } }),
  );
  return (found?.Properties as { Environment: { Variables: Record<string, string> } }).Environment.Variables;
}
const WARM = 'Keeps machines warm for a while';
const SIZER = 'Sets the number of machines';

describe.each(IDS)('path %s', (id) => {
  test.each(['POST', 'GET', 'DELETE'])('has the route %s /v1/fleet/warm, with a key', (method) => {
    templates({ paths: IDS })[`Spotscribe-${id}`]!.hasResourceProperties('AWS::ApiGatewayV2::Route', {
      RouteKey: `${method} /v1/fleet/warm`,
      AuthorizationType: 'CUSTOM',
    });
  });

  test('follows the schedule of the settings, in the sizer and in the API', () => {
    const settings = { paths: IDS, warmMachines: 2, warmHours: 'MON-FRI 08:00-18:30' };
    for (const description of [SIZER, WARM]) {
      expect(variables(id, settings, description)).toMatchObject({
        [ENV.warmMachines]: '2',
        [ENV.warmHours]: 'MON-FRI 08:00-18:30',
        [ENV.warmTimeZone]: 'Etc/UTC',
      });
    }
  });

  test('keeps a machine warm by default only if callers wait for answers', () => {
    const balanced = ['FastApi', 'TextToSpeech', 'Embeddings'].includes(id);
    const kept = variables(id, { paths: IDS }, SIZER)[ENV.warmMachines];
    expect(kept).toBe(balanced ? '1' : '0');
  });

  test('allows the function its row, the usage of keys and the sizer, and nothing else of the jobs', () => {
    const policies = pathTemplate({ paths: IDS }, id).findResources('AWS::IAM::Policy', {
      Properties: { Roles: [{ Ref: Match.stringLikeRegexp('WarmFleetRole') }] },
    });
    const statements = Object.values(policies).flatMap(
      ({ Properties }) =>
        (Properties as { PolicyDocument: { Statement: { Action: string | string[] }[] } }).PolicyDocument
          .Statement,
    );
    const limited = (Action: string | string[], row: string) => ({
      Action,
      Condition: {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [row] },
        Null: { 'dynamodb:LeadingKeys': 'false' },
      },
    });
    const found = statements.filter(({ Action }) => /dynamodb|lambda/.test(JSON.stringify(Action)));
    expect(found).toMatchObject([
      limited(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'], 'warm'),
      limited('dynamodb:GetItem', 'usage#*#*'),
      { Action: 'lambda:InvokeFunction' },
    ]);
  });
});

test('names the tenants of the setting, the maximum and the machine type to the function, and no tenant by default', () => {
  const set = { warmByApi: ['acme', 'other'], maxMachines: 7, instanceTypes: ['g6.xlarge'] };
  expect(variables('DockerGpu', set, WARM)).toMatchObject({
    [ENV.warmTenants]: 'acme,other',
    [ENV.maxMachines]: '7',
    [ENV.machineType]: 'g6.xlarge',
  });
  expect(variables('DockerGpu', {}, WARM)).not.toHaveProperty(ENV.warmTenants);
});

test('refuses a name that no tenant can have', () => {
  expect(() => pathTemplate({ warmByApi: ['a,b'] })).toThrow('Setting "warmByApi" must be names of tenants');
});

test.each<[Partial<Settings>, unknown[]]>([
  [{}, []],
  [{ warmMachines: 0 }, []],
  [
    { warmMachines: 2, warmHours: 'MON-FRI 08:00-18:00' },
    [
      expect.stringMatching(
        /^Keeping 2 warm machines \(g4dn\.xlarge, spot\) for 217 hours costs about \$89 a month at \$0\.205 an hour \(estimate.*\)\. "warmMachines" and "warmHours" set their number and hours\.$/,
      ),
    ],
  ],
])(
  'synthesis prints the cost of warm machines on a path without a load balancer: %j',
  (settings, sentences) => {
    const app = spotscribeApp({ context: { spotscribe: settings, ...TEMPLATES_ONLY } });
    const found = Annotations.fromStack(app.node.findChild('Spotscribe-DockerGpu') as Stack).findInfo(
      '*',
      Match.stringLikeRegexp('warm'),
    );
    expect(found.map(({ entry }) => (entry.data as string).replace(/ \[ack:.*$/, ''))).toEqual(sentences);
  },
);
