import type { MachineProcess, MachineSpec } from '../../../core/contract/machine-spec';
import { type Host, processEnvironment } from '../../../local/machine/environment';

const spec: MachineSpec = {
  version: 1,
  images: {},
  processes: [],
  volumes: { sharedAudio: '/mnt/nvme/shared-audio', machine: '/mnt/nvme/machine.json' },
};
const worker: MachineProcess = {
  ...{ name: 'worker', image: 'worker', exec: { kind: 'node', bundle: 'worker' }, memory_mib: 1 },
  ports: [{ port: 8080 }, { port: 8081 }],
};
const host: Host = {
  aws: { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' },
  path: (path) => `/laptop${path}`,
  port: (process, port = process === 'worker' ? 8080 : 8001) =>
    (process === 'worker' ? 10_000 : 20_000) + port,
};
const environment = (variables: Record<string, string>) =>
  processEnvironment(spec, { ...worker, environment: variables }, host);

describe('the environment of a local process', () => {
  test.each([
    ['${mount:sharedAudio}', '/laptop/mnt/nvme/shared-audio'],
    ['${mount:sharedAudio}/job_1/input', '/laptop/mnt/nvme/shared-audio/job_1/input'],
    ['${mount:machine}', '/laptop/mnt/nvme/machine.json'],
    ['${port}', '18080'],
    ['${port:8081}', '18081'],
    ['${url:whisper}', 'http://127.0.0.1:28001'],
    [
      '[{"url":"${url:whisper}"},{"url":"${url:worker}"}]',
      '[{"url":"http://127.0.0.1:28001"},{"url":"http://127.0.0.1:18080"}]',
    ],
  ])('has %s as it is here', (value, expected) => {
    expect(environment({ VALUE: value }).VALUE).toBe(expected);
  });

  test.each(['/shared-audio', '8080', 'http://whisper:8001', '${other:x}', '${}', '$port', '', 'text'])(
    'has everything else unchanged: %j',
    (value) => {
      expect(environment({ VALUE: value }).VALUE).toBe(value);
    },
  );

  test('has in addition only the host to listen on and the AWS endpoint', () => {
    expect(environment({ A: 'b' })).toEqual({
      ...{ A: 'b', HOST: '127.0.0.1', AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' },
    });
  });

  test('cannot name a volume that the machine does not have', () => {
    expect(() => environment({ VALUE: '${mount:gone}' })).toThrow('The machine has no volume "gone"');
  });
});
