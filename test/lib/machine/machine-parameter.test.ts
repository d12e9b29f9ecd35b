import { MachineSpec, type MachineSpec as Spec } from '../../../core/contract/machine-spec';
import { PATHS } from '../../../lib/paths';
import type { Settings } from '../../../lib/settings';
import { pathTemplate } from '../templates';

/** Bytes of a free parameter. */
const FREE = 4096;

const CERTIFICATE =
  'arn:aws:acm:ap-southeast-1:123456789012:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f';

type Value = string | { Ref: string } | { 'Fn::GetAtt': [string, string] } | { 'Fn::Join': ['', Value[]] };

/** What AWS makes of a value in a region with a long name. */
function deployed(value: Value, stack: string): string {
  if (typeof value === 'string') return value;
  if ('Fn::Join' in value) return value['Fn::Join'][1].map((part) => deployed(part, stack)).join('');
  if ('Fn::GetAtt' in value && value['Fn::GetAtt'][1] === 'QueueName')
    return `${stack}-${value['Fn::GetAtt'][0]}-ABCDEFGHIJKL`;
  if ('Fn::GetAtt' in value) return `sha256:${'0a1b2c3d'.repeat(8)}`;
  return reference(value.Ref, stack);
}

function reference(id: string, stack: string): string {
  const [account, region] = ['123456789012', 'ap-southeast-1'];
  const name = `${stack}-${id}-ABCDEFGHIJKL`;
  if (id === 'AWS::AccountId') return account;
  if (id === 'AWS::Region') return region;
  if (id === 'AWS::URLSuffix') return 'amazonaws.com';
  if (id === 'AWS::Partition') return 'aws';
  if (id.includes('Targets'))
    return `arn:aws:elasticloadbalancing:${region}:${account}:targetgroup/${name.slice(0, 32)}/0123456789abcdef`;
  if (id.includes('Queue')) return `https://sqs.${region}.amazonaws.com/${account}/${name}`;
  if (id.includes('ImageRepository')) return 'spotscribe-foundation-imageswhisperadd12345-abcdefghijkl';
  if (id.includes('TreeBucket')) return 'spotscribe-foundation-treesa1b2c3d4-abcdefghijkl';
  if (id.includes('ModelBucket')) return 'spotscribe-foundation-modelcachebucketa1b2c3d4-abcdefghijkl';
  return name;
}

function parameter(path: string, settings: Partial<Settings> = {}): string {
  const template = pathTemplate({ paths: [path], ...settings }, path);
  const [found, ...others] = Object.values(template.findResources('AWS::SSM::Parameter'));
  expect(others).toEqual([]);
  expect(found?.Properties).toMatchObject({
    Name: `/Spotscribe-${path}/Machine`,
    Tier: 'Intelligent-Tiering',
  });
  return deployed(found?.Properties.Value as Value, `Spotscribe-${path}`);
}
const spec = (path: string, settings?: Partial<Settings>): Spec =>
  MachineSpec.parse(JSON.parse(parameter(path, settings)));

const ids = PATHS.map(({ info }) => info.id);

describe('the parameter with the specification of a path’s machines', () => {
  test.each(ids)('describes the processes, in a free parameter: %s', (path) => {
    const text = parameter(path, { certificateArn: CERTIFICATE, warmMachines: 2 });
    expect(Buffer.byteLength(text)).toBeLessThan(FREE);
    // Systems Manager takes it for the name of another parameter.
    expect(text).not.toContain('{{');
    const { processes, images } = MachineSpec.parse(JSON.parse(text));
    const names = processes.map(({ name }) => name);
    expect(names[0]).toBe('models');
    expect(names.at(-1)).toBe('worker');
    for (const { name, image = name } of processes)
      expect(images[image]).toMatch(/@sha256:[0-9a-f]{64}$|^s3:.*\/[0-9a-f]{64}\.tar$/);
    expect(text).not.toContain('Token[');
  });

  test.each(ids)('has its name as an output: %s', (path) => {
    const outputs = pathTemplate({ paths: [path] }, path).findOutputs('MachineParameterName');
    expect(Object.values(outputs)).toEqual([{ Value: `/Spotscribe-${path}/Machine` }]);
  });

  test('names every server that a load balancer sends requests to, with its port of the machine', () => {
    const { registrations, processes } = spec('FastApi', { certificateArn: CERTIFICATE });
    expect(registrations).toMatchObject([
      { process: 'whisper', port: 8001, targets: expect.stringContaining(':targetgroup/') as unknown },
      { process: 'worker', port: 8081 },
    ]);
    for (const { process, port } of registrations ?? []) {
      const ports = processes.find(({ name }) => name === process)?.ports;
      expect(ports).toContainEqual({ port, host: port });
    }
    expect(spec('DockerGpu')).not.toHaveProperty('registrations');
  });

  test('tells how many machines an update may replace at once', () => {
    expect(spec('FastApi', { warmMachines: 2 }).min_healthy_percent).toBe(50);
    expect(spec('FastApi')).not.toHaveProperty('min_healthy_percent');
  });

  test('changes with the machine’s models, so that machines get them', () => {
    expect(parameter('DockerGpu', { model: 'medium' })).not.toBe(parameter('DockerGpu'));
  });
});
