import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackResourcesCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { OUTPUT } from '../../core/contract/environment';
import type { LocalAws } from '../../local';
import { clientConfiguration } from '../../local/emulator';

const STACK = 'EmptyHandler';
const PATH = '/bench/empty';
const LONGEST_SECONDS = 30;

/**
 * Adds a route with an empty function to a deployed path's API, with the same keys. The duration of
 * its requests is the gateway's share, without the path's code.
 *
 * @param stack - name of the path's stack
 * @returns URL of the route
 */
export async function addEmptyHandler({ endpoint, outputs }: LocalAws, stack: string): Promise<string> {
  const client = new CloudFormationClient(clientConfiguration(endpoint));
  const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName: stack }));
  const idOf = (type: string) =>
    StackResources.find(({ ResourceType }) => ResourceType === `AWS::ApiGatewayV2::${type}`)
      ?.PhysicalResourceId;
  const TemplateBody = template(idOf('Api'), idOf('Authorizer'));
  await client.send(new CreateStackCommand({ StackName: STACK, TemplateBody }));
  const patience = { client, minDelay: 1, maxDelay: 1, maxWaitTime: LONGEST_SECONDS };
  await waitUntilStackCreateComplete(patience, { StackName: STACK });
  return `${outputs[OUTPUT.apiUrl]}${PATH}`;
}

/** Logs a line like other handlers: without it the emulator waits 50 ms for the log. */
const NOTHING =
  'exports.handler = async () => { console.log("nothing"); return { statusCode: 200, body: "" }; };';

const template = (ApiId: string | undefined, AuthorizerId: string | undefined) =>
  JSON.stringify({
    Resources: {
      Handler: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: { 'Fn::Sub': 'arn:aws:iam::${AWS::AccountId}:role/none' },
          Code: { ZipFile: NOTHING },
        },
      },
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ApiId,
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: { 'Fn::GetAtt': ['Handler', 'Arn'] },
          PayloadFormatVersion: '2.0',
        },
      },
      Route: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: {
          ApiId,
          RouteKey: `POST ${PATH}`,
          AuthorizationType: 'CUSTOM',
          AuthorizerId,
          Target: { 'Fn::Sub': 'integrations/${Integration}' },
        },
      },
    },
  });
