import type { ContainerDefinition, TaskDefinition } from '@aws-sdk/client-ecs';
import { type Host, processEnvironment } from '../../../local/machine/translate';

const task: TaskDefinition = {
  volumes: [
    { name: 'audio', host: { sourcePath: '/mnt/nvme/shared-audio' } },
    { name: 'about', host: { sourcePath: '/mnt/nvme/machine.json' } },
  ],
};
const worker: ContainerDefinition = {
  name: 'worker',
  links: ['whisper', 'voxtral:listener'],
  portMappings: [{ containerPort: 8080 }],
  mountPoints: [
    { sourceVolume: 'audio', containerPath: '/shared-audio' },
    { sourceVolume: 'about', containerPath: '/machine.json' },
  ],
};
const host: Host = {
  aws: { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' },
  folder: (path) => `/laptop${path}`,
  port: (container, port) => ({ worker: 10_000, whisper: 20_000, voxtral: 30_000 })[container]! + port,
};
const translated = (value: string, name = 'VALUE') =>
  processEnvironment(task, { ...worker, environment: [{ name, value }] }, host)[name];

describe('a container’s environment as a process', () => {
  test.each([
    ['/shared-audio', '/laptop/mnt/nvme/shared-audio'],
    ['/shared-audio/job_1/input', '/laptop/mnt/nvme/shared-audio/job_1/input'],
    ['/machine.json', '/laptop/mnt/nvme/machine.json'],
  ])('has a mounted path %s where it lies on this machine', (value, expected) => {
    expect(translated(value)).toBe(expected);
  });

  test.each([
    ['http://whisper:8001', 'http://127.0.0.1:28001'],
    ['http://whisper:8001/base', 'http://127.0.0.1:28001/base'],
    ['http://listener:8000', 'http://127.0.0.1:38000'],
  ])('has a linked container %s where it listens on this machine', (value, expected) => {
    expect(translated(value)).toBe(expected);
  });

  test('has its local port', () => {
    expect(translated('8080', 'PORT')).toBe('18080');
  });

  test.each([
    '/shared-audiobooks',
    'shared-audio',
    'http://elsewhere:8001',
    'https://whisper:8001',
    '8080',
    '',
    'text',
  ])('has everything else exactly as the task definition says: %j', (value) => {
    expect(translated(value)).toBe(value);
  });

  test('has in addition only the host to listen on and the AWS endpoint', () => {
    const environment = processEnvironment(
      task,
      { ...worker, environment: [{ name: 'A', value: 'b' }] },
      host,
    );
    expect(environment).toEqual({ A: 'b', HOST: '127.0.0.1', AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' });
  });
});
