import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import type { Template } from 'aws-cdk-lib/assertions';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { ENV } from '../../../core/contract/environment';
import type { Request } from '../../../lambda/frame/caller';
import type { Response } from '../../../lambda/frame/refusal';
import { PATHS } from '../../../lib/paths';
import { errorOf, lambdaContext, request, silenceConsole } from '../../support/support';
import { templates } from '../templates';

const IDS = PATHS.map(({ info }) => info.id);
const made = templates({ paths: IDS });

/** Logical id in a template's reference or attribute. */
const named = (value: unknown): string => {
  const [, name] = /\{"(?:Ref|Fn::GetAtt)":\[?"([^"]+)"/.exec(JSON.stringify(value)) ?? [];
  if (name === undefined) throw new Error(`Nothing is named by ${JSON.stringify(value)}`);
  return name;
};

/** The routes of a path, each with its authorizer and its function's source file. */
function routes(template: Template) {
  const integrations = template.findResources('AWS::ApiGatewayV2::Integration');
  const functions = template.findResources('AWS::Lambda::Function');
  return Object.values(template.findResources('AWS::ApiGatewayV2::Route')).map(({ Properties }) => {
    const integration = integrations[named(Properties.Target)];
    const handler = functions[named(integration?.Properties.IntegrationUri)];
    const variables = (handler?.Properties.Environment as { Variables: Record<string, unknown> }).Variables;
    return {
      key: Properties.RouteKey as string,
      authorizer: template.findResources('AWS::ApiGatewayV2::Authorizer')[named(Properties.AuthorizerId)],
      file: variables.POWERTOOLS_SERVICE_NAME as string,
      variables,
    };
  });
}

const all = IDS.map((id) => [id, routes(made[`Spotscribe-${id}`]!)] as const);

describe.each(all)('the API of path %s', (_, found) => {
  test('calls the authorizer for every request, also without a key, and caches no result', () => {
    const keys = found.map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(['POST /v1/jobs', 'GET /v1/usage', '$default']));
    for (const { authorizer } of found) {
      expect(authorizer?.Properties).toMatchObject({
        AuthorizerType: 'REQUEST',
        EnableSimpleResponses: true,
        IdentitySource: [],
        AuthorizerResultTtlInSeconds: 0,
      });
    }
  });

  test('passes the known routes to the handler of the default route', () => {
    const other = found.find(({ key }) => key === '$default');
    expect(other?.file).toBe('no-route');
    const known = (other?.variables[ENV.routes] as string).split(',');
    expect(['$default', ...known].sort()).toEqual(found.map(({ key }) => key).sort());
  });
});

const HANDLERS = join(__dirname, '..', '..', '..', 'lambda');
/** Paths of the handlers by their names. */
const handlerPaths = new Map(
  readdirSync(HANDLERS, { recursive: true, encoding: 'utf8' }).map((path) => [basename(path, '.ts'), path]),
);
const files = [...new Set(all.flatMap(([, found]) => found.map(({ file }) => file)))];

describe.each(files)('the handler %s, which a route leads to', (file) => {
  const clients = [mockClient(DynamoDBDocumentClient), mockClient(S3Client), mockClient(EventBridgeClient)];
  beforeAll(() => {
    const values: Record<string, string> = { [ENV.tasks]: '{}', [ENV.queueUrl]: 'https://sqs.test/1/jobs' };
    for (const name of Object.values(ENV)) process.env[name] = values[name] ?? '1';
  });
  afterAll(() => {
    for (const name of Object.values(ENV)) delete process.env[name];
  });
  beforeEach(() => void silenceConsole());
  afterEach(() => jest.restoreAllMocks());

  test.each([
    ['says nothing', {}],
    ['says null', null],
  ])('refuses whom the authorizer %s of, before it touches anything', async (_, lambda) => {
    const { handler } = (await import(join(HANDLERS, handlerPaths.get(file)!))) as {
      handler: (event: Request, context: Context) => Promise<Response>;
    };
    const event = request({ id: 'job_1', body: '{}' });
    event.requestContext.authorizer = { lambda };
    const response = await handler(event, lambdaContext);
    expect(response.statusCode).toBe(401);
    expect(response.headers).toMatchObject({ 'www-authenticate': 'Bearer' });
    expect(errorOf(response).code).toBe('unauthorized');
    expect(clients.map((client) => client.calls().length)).toEqual([0, 0, 0]);
  });
});
