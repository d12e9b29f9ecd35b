import { PATHS } from '../../lib/paths';
import stateful from '../fixtures/stateful-ids.json';
import { templates } from './templates';

describe('stacks', () => {
  const all = templates({ paths: PATHS.map(({ info }) => info.id) });

  test('are the foundation and one stack for each chosen path', () => {
    expect(Object.keys(templates())).toEqual(['Spotscribe-Foundation', 'Spotscribe-DockerGpu']);
    expect(Object.keys(all)).toEqual([
      'Spotscribe-Foundation',
      'Spotscribe-DockerGpu',
      'Spotscribe-Embeddings',
      'Spotscribe-FastApi',
      'Spotscribe-Hybrid',
      'Spotscribe-TextToSpeech',
      'Spotscribe-Traditional',
      'Spotscribe-Voxtral',
    ]);
  });

  test('share a foundation that does not depend on the chosen paths', () => {
    for (const { info } of PATHS) {
      const alone = templates({ paths: [info.id] })['Spotscribe-Foundation'];
      expect(alone?.toJSON()).toEqual(all['Spotscribe-Foundation']?.toJSON());
    }
  });

  /**
   * If a logical id changes, an update creates a new resource and deletes or orphans the old one.
   */
  test('keep the logical ids of resources with state or public URLs', () => {
    const kinds = new Set([
      'AWS::DynamoDB::Table',
      'AWS::DynamoDB::GlobalTable',
      'AWS::S3::Bucket',
      'AWS::SQS::Queue',
      'AWS::ECR::Repository',
      'AWS::ApiGatewayV2::Api',
      'AWS::AutoScaling::AutoScalingGroup',
    ]);
    const found = Object.entries(all).map(([stack, template]) => {
      const resources = Object.entries(template.toJSON().Resources as Record<string, { Type: string }>);
      const kept = resources.filter(([, { Type }]) => kinds.has(Type)).map(([id, { Type }]) => [id, Type]);
      return [stack, Object.fromEntries(kept.sort())] as const;
    });
    expect(Object.fromEntries(found)).toEqual(stateful);
  });

  test.each(Object.entries(all))('%s', (_, template) => {
    expect(template.toJSON()).toMatchSnapshot();
  });
});
