import { Match } from 'aws-cdk-lib/assertions';
import { ENV } from '../../../core/contract/environment';
import { parseWantedModels } from '../../../core/models/model-manifest';
import type { Settings } from '../../../lib/settings';
import { container, environment } from '../containers';
import { pathTemplate } from '../templates';

const PATH = 'TextToSpeech';
const LICENSE = 'Coqui-Public-Model-License';
const XTTS: Partial<Settings> = { speechEngine: 'coqui', acceptSpeechLicense: LICENSE };
const template = (settings: Partial<Settings> = {}) => pathTemplate({ paths: [PATH], ...settings }, PATH);
const of = (name: string, settings: Partial<Settings> = {}) => container(name, settings, PATH);
const models = (settings: Partial<Settings> = {}) =>
  parseWantedModels(environment(of('models', settings))[ENV.models] as string).map(({ name, required }) => [
    name,
    required,
  ]);

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

describe('path 600', () => {
  const standard = template();

  test('gives the speech service a fixed port of the machine, the GPU and Kokoro', () => {
    const made = of('speech');
    expect(made).toMatchObject({
      PortMappings: [{ ContainerPort: 8003, HostPort: 8003 }],
      ResourceRequirements: [{ Type: 'GPU', Value: '1' }],
    });
    expect(environment(made)).toMatchObject({ SPEECH_ENGINE: 'kokoro', SPEECH_MODEL: 'kokoro-82m' });
    expect(environment(made)).not.toHaveProperty(ENV.speechLicense);
    expect(models()).toEqual([['kokoro-82m', true]]);
  });

  test.each([
    'POST /v1/audio/speech',
    'GET /v1/audio/voices',
    'GET /v1/models',
    'GET /v1/models/{id+}',
    'GET /v1/jobs/{id}/speech',
  ])('answers %s', (route) =>
    standard.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: route }),
  );

  test('has no routes for transcripts', () => {
    const routes = Object.values(standard.findResources('AWS::ApiGatewayV2::Route'));
    const keys = routes.map(({ Properties }) => Properties.RouteKey as string).join();
    expect(keys).not.toMatch(/v1\/(audio\/trans|embeddings)/);
  });

  test('gives XTTS its model, consented voices and the accepted licence', () => {
    const settings = { ...XTTS, speechVoices: 'our-voices@2' };
    expect(models(settings)).toEqual([
      ['xtts-v2', true],
      ['our-voices', true],
    ]);
    expect(environment(of('speech', settings))).toMatchObject({
      [ENV.speechEngine]: 'coqui',
      [ENV.speechModel]: 'xtts-v2',
      [ENV.speechVoices]: 'our-voices',
      [ENV.speechLicense]: 'accepted',
    });
  });

  test.each<[Partial<Settings>, string]>([
    [{}, 'kokoro-82m'],
    [{ speechModel: 'mine@3' }, 'mine'],
    [XTTS, 'xtts-v2'],
    [{ speechEngine: 'espeak-ng' }, 'espeak-ng'],
  ])('tells the function the name of the model: %j', (settings, model) => {
    expect(variables(settings)).toMatchObject({ [ENV.speechModel]: model, [ENV.waitSeconds]: '25' });
  });

  test.each(['Errors', 'Failures'])('has an alarm for failures of the function: %s', (MetricName) => {
    standard.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName,
      AlarmDescription: Match.stringLikeRegexp('CreateSpeech'),
    });
  });

  test('runs on a laptop without a model and a GPU', () => {
    const laptop: Partial<Settings> = { speechEngine: 'espeak-ng', instanceTypes: ['m7i.large'] };
    expect(of('speech', laptop)).not.toHaveProperty('ResourceRequirements');
    expect(environment(of('speech', laptop))).not.toHaveProperty(ENV.speechModel);
    expect(models(laptop)).toEqual([]);
  });

  test.each<[Partial<Settings>, RegExp]>([
    [
      { speechEngine: 'coqui' },
      /^Setting "acceptSpeechLicense" must be "Coqui-Public-Model-License" .*; got nothing\. .*non-commercial.*LICENSE\.txt.*otherwise use "speechEngine" kokoro\.$/,
    ],
    [{ speechEngine: 'coqui', acceptSpeechLicense: 'yes' }, /"acceptSpeechLicense" .*; got "yes"\./],
    [
      { speechVoices: 'mine@1' },
      /^Setting "speechVoices" must be used with "speechEngine" coqui, .*; got "mine@1" with "kokoro"\. Remove it/,
    ],
    [{ speechModel: 'unknown' }, /^Setting "speechModel" must name a model of the catalogue/],
    [{ availabilityZones: 1 }, /^Setting "availabilityZones" must be at least 2/],
    [{ allowedCidrs: ['203.0.113.0/24'] }, /^Setting "allowedCidrs" must be used with "certificateArn"/],
  ])('rejects %j', (settings, message) => expect(() => template(settings)).toThrow(message));
});
