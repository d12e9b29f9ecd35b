import { Match } from 'aws-cdk-lib/assertions';
import { PATHS } from '../../../lib/paths';
import { pathTemplate, templates } from '../templates';

const IDS = PATHS.map(({ info }) => info.id);
const OTHERS = ['TextToSpeech', 'Embeddings'];
const TRANSCRIBING = IDS.filter((id) => !OTHERS.includes(id));
const ROUTES = ['POST /v1/voices', 'GET /v1/voices', 'GET /v1/voices/{id}', 'DELETE /v1/voices/{id}'];

interface Statement {
  Action: string | string[];
  Condition?: unknown;
  Resource: unknown;
}
interface Policy {
  Roles: unknown[];
  PolicyDocument: { Statement: Statement[] };
}
const policies = (id: string): Policy[] =>
  Object.values(pathTemplate({ paths: IDS }, id).findResources('AWS::IAM::Policy')).map(
    ({ Properties }) => Properties as Policy,
  );
const isOf = (name: RegExp, { Roles }: Policy) => name.test(JSON.stringify(Roles));
const ofVoices = ({ Resource, Condition }: Statement) =>
  /voices\/\*|voices#/.test(JSON.stringify([Resource, Condition]));
const actions = (found: Statement[]) => found.flatMap(({ Action }) => Action).sort();

describe.each(TRANSCRIBING)('path %s', (id) => {
  test.each(ROUTES)('has the route %s, with a key', (RouteKey) => {
    const route = { RouteKey, AuthorizationType: 'CUSTOM' };
    templates({ paths: IDS })[`Spotscribe-${id}`]!.hasResourceProperties('AWS::ApiGatewayV2::Route', route);
  });

  test('lets the function of the voices change their rows and recordings, but read no recording', () => {
    const own = policies(id).find((policy) => isOf(/VoicesRole/, policy))!.PolicyDocument.Statement;
    expect(actions(own.filter(ofVoices))).toEqual([
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      's3:DeleteObjectVersion',
      's3:ListBucketVersions',
      's3:PutObject',
    ]);
    const limited = (rows: string[]) => ({
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': rows },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    });
    const [others] = own.filter((each) => !ofVoices(each) && /dynamodb/.test(JSON.stringify(each.Action)));
    expect(others).toMatchObject({ Action: 'dynamodb:GetItem', Condition: limited(['usage#*#*']) });
    expect(JSON.stringify(own)).not.toMatch(/jobs\/|inbox\//);
  });

  test('lets its workers read the recordings, and nobody else', () => {
    const readers = policies(id).filter(({ PolicyDocument }) =>
      PolicyDocument.Statement.some(
        (each) => ofVoices(each) && actions([each]).some((action) => action === 's3:GetObject'),
      ),
    );
    expect(readers).toHaveLength(1);
    expect(isOf(/TaskRole|InstanceRole|MachineRole|Role/, readers[0]!)).toBe(true);
    expect(isOf(/Api|Intake|Sizer|VoicesRole/, readers[0]!)).toBe(false);
  });
});

test.each(OTHERS)('path %s, which transcribes nothing, keeps no voices', (id) => {
  const template = templates({ paths: IDS })[`Spotscribe-${id}`]!;
  template.resourcePropertiesCountIs(
    'AWS::ApiGatewayV2::Route',
    { RouteKey: Match.stringLikeRegexp('/v1/voices') },
    0,
  );
  expect(
    policies(id)
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
      .filter(ofVoices),
  ).toEqual([]);
});
