import { Match, type Template } from 'aws-cdk-lib/assertions';
import { OUTPUT } from '../../../core/contract/environment';
import { catalogueModel } from '../../../lib/models/model-catalogue';
import { templates } from '../templates';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:hub-a1b2c3';
const FILLED = 'Custom::SpotscribeModels';

const statements = (template: Template) =>
  Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement as { Action: unknown; Resource: unknown }[],
  );
const reading = (template: Template) =>
  statements(template).filter(({ Action }) => [Action].flat().includes('secretsmanager:GetSecretValue'));

describe('models that deployments fetch', () => {
  const made = templates({ huggingFaceTokenSecret: SECRET });
  const foundation = made['Spotscribe-Foundation']!;
  const path = made['Spotscribe-DockerGpu']!;

  test('exist before the machines’ task, and an output lists missing ones', () => {
    const [id] = Object.keys(path.findResources(FILLED));
    path.hasResource('AWS::ECS::Service', { DependsOn: Match.arrayWith([id]) });
    path.hasOutput(OUTPUT.modelsLeftOut, { Value: { 'Fn::GetAtt': [id, 'LeftOut'] } });
  });

  test('are the models that the task fetches', () => {
    const [resource] = Object.values(path.findResources(FILLED));
    const names = (JSON.parse(resource?.Properties.Models as string) as { name: string }[]).map(
      ({ name }) => name,
    );
    expect(names).toEqual(['large-v3-turbo', 'align-en', 'diarization']);
  });

  test('need no token if the settings name none', () => {
    const without = templates()['Spotscribe-DockerGpu']!;
    const [resource] = Object.values(without.findResources(FILLED));
    const wanted = JSON.parse(resource?.Properties.Models as string) as { name: string; revision: string }[];
    expect(wanted.map(({ name }) => name)).toEqual(['large-v3-turbo', 'align-en', 'diarization-open']);
    expect(wanted.filter(({ name }) => catalogueModel(name)?.gated !== false)).toEqual([]);
  });

  test('are fetched with the token in the secret of the settings', () => {
    expect(reading(foundation).map(({ Resource }) => Resource)).toEqual([SECRET]);
  });

  test('are written only under their prefix', () => {
    const writing = statements(foundation).filter(
      ({ Action, Resource }) =>
        [Action].flat().includes('s3:AbortMultipartUpload') &&
        JSON.stringify(Resource).includes('ModelCache'),
    );
    expect(writing).toHaveLength(1);
    expect(JSON.stringify(writing[0]?.Resource)).toMatch(/"\/models\/\*"/);
  });
});

test('no secret is read if the settings name none', () => {
  expect(reading(templates()['Spotscribe-Foundation']!)).toEqual([]);
});

test.each([
  [{ engine: 'faster-whisper', voxtralEngine: 'extractive' } as const],
  [{ fillModels: 'manual' } as const],
])(
  'nothing waits for models with %j; what brings them stays, for paths that have been filled',
  (settings) => {
    const made = templates({ paths: ['DockerGpu', 'Hybrid'], ...settings });
    for (const template of Object.values(made)) template.resourceCountIs(FILLED, 0);
    const projects = Object.values(made['Spotscribe-Foundation']!.findResources('AWS::CodeBuild::Project'));
    expect(
      projects.filter(({ Properties }) => JSON.stringify(Properties).includes('fill-models')),
    ).toHaveLength(1);
  },
);
