import { Match } from 'aws-cdk-lib/assertions';
import { ENV } from '../../../core/contract/environment';
import type { Settings } from '../../../lib/settings';
import { container, environment } from '../containers';
import { pathTemplate } from '../templates';

const PATH = 'Embeddings';
const template = (settings: Partial<Settings> = {}) => pathTemplate({ paths: [PATH], ...settings }, PATH);

/** Variables of the function that answers in place. */
const variables = (settings: Partial<Settings> = {}) => {
  const found = Object.values(
    template(settings).findResources('AWS::Lambda::Function', {
      Properties: { Environment: { Variables: { [ENV.machinesUrl]: Match.anyValue() } } },
    }),
  );
  expect(found).toHaveLength(1);
  return (found[0]?.Properties as { Environment: { Variables: Record<string, unknown> } }).Environment
    .Variables;
};

describe('path 700', () => {
  const standard = template();

  test('gives the embeddings service a fixed port of the machine, the GPU and its model', () => {
    const made = container('embeddings', {}, PATH);
    expect(made).toMatchObject({
      PortMappings: [{ ContainerPort: 8002, HostPort: 8002 }],
      ResourceRequirements: [{ Type: 'GPU', Value: '1' }],
      MemoryReservation: 8192,
    });
    expect(environment(made)).toMatchObject({
      EMBEDDING_ENGINE: 'sentence-transformers',
      EMBEDDING_MODEL: 'instructor-xl',
      EMBEDDING_PRECISION: 'auto',
    });
  });

  test('registers it with a load balancer that the internet cannot reach', () => {
    standard.resourceCountIs('AWS::ElasticLoadBalancingV2::LoadBalancer', 1);
    standard.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internal' });
    standard.hasResourceProperties('AWS::ECS::Service', {
      LoadBalancers: [{ ContainerName: 'embeddings', ContainerPort: 8002 }],
    });
  });

  test.each(['POST /v1/embeddings', 'GET /v1/models', 'GET /v1/models/{id+}', 'GET /v1/jobs/{id}/embedding'])(
    'answers %s',
    (route) => standard.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: route }),
  );

  test('has no routes for audio', () => {
    const routes = Object.values(standard.findResources('AWS::ApiGatewayV2::Route'));
    expect(routes.map(({ Properties }) => Properties.RouteKey as string).join()).not.toContain('audio');
  });

  test.each<[Partial<Settings>, string]>([
    [{}, 'instructor-xl'],
    [{ embeddingModel: 'mine@3' }, 'mine'],
    [{ embeddingEngine: 'minilm' }, 'all-MiniLM-L6-v2'],
  ])('tells the function the name of the model: %j', (settings, model) => {
    expect(variables(settings)).toMatchObject({ [ENV.embeddingModel]: model, [ENV.waitSeconds]: '25' });
  });

  test('counts its requests when it sizes the fleet, and keeps warm machines', () => {
    template({ warmMachines: 2 }).hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Sets the number of machines',
      Environment: {
        Variables: Match.objectLike({
          [ENV.loadBalancer]: Match.anyValue(),
          [ENV.requestsPerMachine]: '2',
          [ENV.warmMachines]: '2',
        }),
      },
    });
  });

  test.each(['Errors', 'Failures'])('has an alarm for failures of the function: %s', (MetricName) => {
    standard.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName,
      AlarmDescription: Match.stringLikeRegexp('CreateEmbeddings'),
    });
  });

  test('runs on a laptop without a model and a GPU', () => {
    const made = container('embeddings', { embeddingEngine: 'minilm' }, PATH);
    expect(made).not.toHaveProperty('ResourceRequirements');
    expect(environment(container('models', { embeddingEngine: 'minilm' }, PATH))).toMatchObject({
      MODELS: '[]',
    });
  });

  test.each<[Partial<Settings>, string]>([
    [
      { availabilityZones: 1 },
      'Setting "availabilityZones" must be at least 2 for a path with a load balancer',
    ],
    [{ warmMachines: 5 }, 'Setting "warmMachines" must be at most "maxMachines" (4); got 5.'],
    [{ embeddingModel: 'unknown' }, 'Setting "embeddingModel" must name a model of the catalogue'],
  ])('rejects %j', (settings, message) => expect(() => template(settings)).toThrow(message));
});
