import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import type { Construct } from 'constructs';
// As a user's app imports it.
import {
  defaultSettings,
  Path,
  type PathClass,
  type PathInfo,
  type PathProps,
  type Service,
  type ServiceOrigin,
  type Settings,
  SettingsError,
  spotscribeApp,
} from '../../lib';
import { TEMPLATES_ONLY } from './templates';

const upper = (image: ServiceOrigin): Service => ({
  name: 'upper',
  port: 9000,
  tasks: ['custom'],
  customTask: { media_types: ['text/plain'], unit: 'character', result_type: 'text/plain', options: {} },
  environment: ({ maxAudioHours }) => ({ HOURS: String(maxAudioHours) }),
  memoryMib: 2048,
  image,
  exec: {
    ...{ kind: 'python', from: 'app', requirements: 'upper/requirements.txt', folders: ['upper'] },
    module: 'upper_case',
  },
});

/** A path of a user's app. */
function pathWith(service: Service, id = 'Upper'): PathClass {
  return class UpperPath extends Path {
    static readonly info: PathInfo = { id, number: 900, summary: 'Upper case', services: [{ service }] };

    constructor(scope: Construct, name: string, props: PathProps) {
      super(scope, name, UpperPath.info, props);
    }
  };
}

function synthesise(path: PathClass, settings: Partial<Settings> = {}): Template {
  const context = { spotscribe: { paths: ['Upper'], ...settings }, ...TEMPLATES_ONLY };
  const stack = spotscribeApp({ paths: [path], context })
    .synth()
    .getStackByName('Spotscribe-Upper');
  return Template.fromJSON(stack.template as Record<string, unknown>);
}

interface Container {
  Name: string;
  Image: unknown;
  Environment: { Name: string; Value: unknown }[];
}
const containers = (template: Template) =>
  Object.values(template.findResources('AWS::ECS::TaskDefinition'))[0]?.Properties
    .ContainerDefinitions as Container[];

describe('a path of a user’s app', () => {
  const registry = { kind: 'registry', uri: 'ghcr.io/me/upper:1' } as const;

  test('runs the user’s service from a registry, and tells the worker its task', () => {
    const [models, service, worker] = containers(synthesise(pathWith(upper(registry))));
    expect([models?.Name, service?.Name, worker?.Name]).toEqual(['models', 'upper', 'worker']);
    expect(service?.Image).toBe(registry.uri);
    expect(service?.Environment).toContainEqual({
      Name: 'HOURS',
      Value: String(defaultSettings().maxAudioHours),
    });
    const services = worker?.Environment.find(({ Name }) => Name === 'SERVICES')?.Value as string;
    expect(JSON.parse(services)).toEqual([{ name: 'upper', url: 'http://upper:9000', tasks: ['custom'] }]);
  });

  test('gives a service without a GPU none, and fetches no models for it', () => {
    const template = synthesise(pathWith(upper(registry)));
    expect(JSON.stringify(containers(template))).not.toContain('GPU');
    expect(template.findResources('Custom::SpotscribeModels')).toEqual({});
  });

  test('runs an image of a folder with a Dockerfile', () => {
    const folder = join(__dirname, '../../docker/worker');
    const template = synthesise(pathWith(upper({ kind: 'folder', folder })));
    expect(JSON.stringify(containers(template)[1]?.Image)).toContain('cdk-hnb659fds-container-assets-');
  });

  test('is deployed only if the settings name it, like a path of this package', () => {
    const app = spotscribeApp({
      paths: [pathWith(upper(registry))],
      context: { spotscribe: { paths: ['DockerGpu'] }, ...TEMPLATES_ONLY },
    });
    expect(app.synth().stacks.map(({ stackName }) => stackName)).toEqual([
      'Spotscribe-Foundation',
      'Spotscribe-DockerGpu',
    ]);
  });

  test('has an id of its own', () => {
    expect(() => spotscribeApp({ paths: [pathWith(upper(registry), 'Hybrid')] })).toThrow(
      new SettingsError('Paths must have different ids; got "Hybrid" twice. Rename your path.'),
    );
  });

  test('is refused with one line if its services contradict each other', () => {
    expect(() => synthesise(pathWith({ ...upper(registry), port: 8080 }))).toThrow(SettingsError);
  });
});
