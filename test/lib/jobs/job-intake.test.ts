import { pathTemplate } from '../templates';

interface Statement {
  Action: string | string[];
  Resource: unknown;
}

test('the handler of dead letters may erase checkpoints, results and recordings of speakers, but no input', () => {
  const policies = pathTemplate({}).findResources('AWS::IAM::Policy', {
    Properties: { Roles: [{ Ref: 'PathIntakeBuryJobRole0C366F3B' }] },
  });
  const statements = Object.values(policies).flatMap(
    ({ Properties }) =>
      (Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement,
  );
  const patterns = (action: string) =>
    statements
      .filter(({ Action }) => [Action].flat().includes(action))
      .flatMap(({ Resource }) => [Resource].flat())
      .map((arn) => /"\/(.*?)"/.exec(JSON.stringify(arn))?.[1]);
  expect(patterns('s3:DeleteObjectVersion')).toEqual([
    'jobs/*/results/*',
    'jobs/*/checkpoint.json',
    'jobs/*/speakers/*',
  ]);
  expect(patterns('s3:GetObject')).toEqual(['jobs/*/results/*']);
  expect(patterns('s3:ListBucketVersions')).toHaveLength(1);
});
