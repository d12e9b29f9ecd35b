import { Match } from 'aws-cdk-lib/assertions';
import { PATHS } from '../../../lib/paths';
import { pathTemplate, templates } from '../templates';

const IDS = PATHS.map(({ info }) => info.id);

describe.each(IDS)('path %s', (id) => {
  test('has the route that retries a job, with a key', () => {
    templates({ paths: IDS })[`Spotscribe-${id}`]!.hasResourceProperties('AWS::ApiGatewayV2::Route', {
      RouteKey: 'POST /v1/jobs/{id}/retry',
      AuthorizationType: 'CUSTOM',
    });
  });

  test('allows the function to queue jobs and to look for inputs, but to read and erase nothing', () => {
    const policies = pathTemplate({ paths: IDS }, id).findResources('AWS::IAM::Policy', {
      Properties: { Roles: [{ Ref: Match.stringLikeRegexp('RetryJobRole') }] },
    });
    const actions = Object.values(policies).flatMap(({ Properties }) =>
      (
        Properties as { PolicyDocument: { Statement: { Action: string | string[] }[] } }
      ).PolicyDocument.Statement.flatMap(({ Action }) => Action),
    );
    expect(new Set(actions.filter((action) => /^(dynamodb|s3|lambda|sqs):/.test(action)))).toEqual(
      new Set([
        'dynamodb:GetItem',
        'dynamodb:UpdateItem',
        's3:ListBucketVersions',
        'sqs:SendMessage',
        'sqs:GetQueueAttributes',
        'sqs:GetQueueUrl',
        'lambda:InvokeFunction',
      ]),
    );
  });
});
