import type { MachineProcess, MachineSpec } from '../../../core/contract/machine-spec';
import type { ImageConfig } from '../../../core/machine/image-config';
import { machineFiles } from '../../../core/machine/systemd/machine-files';
import type { Host, HostImage } from '../../../core/machine/systemd/process-unit';

const worker: MachineProcess = {
  name: 'worker',
  exec: { kind: 'node', bundle: 'worker' },
  ports: [{ port: 8080 }],
  after: [{ process: 'models', until: 'succeeded' }, { process: 'whisper' }],
  mounts: [{ volume: 'sharedAudio' }, { volume: 'machine', read_only: true }],
  environment: { WHISPER: '${url:whisper}', PORT: '${port}', SHARED_AUDIO: '${mount:sharedAudio}' },
  aws: true,
  memory_mib: 512,
  stop_seconds: 115,
};
const models: MachineProcess = {
  name: 'models',
  image: 'worker',
  exec: { kind: 'node', bundle: 'worker', args: ['fetch-models'] },
  mounts: [{ volume: 'models' }],
  aws: true,
  memory_mib: 256,
  essential: false,
};
const whisper: MachineProcess = {
  name: 'whisper',
  exec: { kind: 'python', requirements: 'r', folders: [], module: 'spotscribe_whisper' },
  ports: [{ port: 8001 }],
  mounts: [{ volume: 'scratch' }, { volume: 'sharedAudio', read_only: true }],
  environment: { TMPDIR: '${mount:scratch}' },
  gpu: 'exclusive',
  memory_mib: 8192,
};
const spec: MachineSpec = {
  version: 1,
  images: { worker: '', whisper: '' },
  processes: [models, whisper, worker],
  volumes: {
    sharedAudio: '/mnt/nvme/shared-audio',
    models: '/mnt/nvme/models',
    scratch: '/mnt/nvme/scratch',
    machine: '/mnt/nvme/machine.json',
  },
};

const image = (name: string, config: Partial<ImageConfig>): HostImage => ({
  root: `/mnt/nvme/trees/${name}`,
  config: { Entrypoint: null, Cmd: null, Env: null, ...config },
});
const host: Host = {
  region: 'eu-central-1',
  memoryMib: 16_000,
  instanceId: 'i-0123',
  logGroup: 'Machines',
  driver: ['/usr/lib64/libcuda.so.1'],
  images: {
    worker: image('worker', { Entrypoint: ['node', '/opt/worker.cjs'], Env: ['PATH=/usr/local/bin:/bin'] }),
    whisper: image('whisper', {
      Entrypoint: ['python', '-m', 'spotscribe_whisper'],
      Env: ['PATH=/opt/venv/bin:/bin'],
    }),
  },
};

/** The settings of a process's unit with this name. */
const settings = (process: string, name: string, files = machineFiles(spec, host)) =>
  (files.units[`spotscribe-${process}.service`] ?? '')
    .split('\n')
    .filter((line) => line.startsWith(`${name}=`))
    .map((line) => line.slice(name.length + 1));

/** The files of a machine whose worker is changed like this. */
const withWorker = (change: Partial<MachineProcess>) =>
  machineFiles({ ...spec, processes: [models, whisper, { ...worker, ...change }] }, host);

test('the whole machine', () => {
  const { units, users, folders, firewall } = machineFiles(spec, host);
  expect(
    Object.entries({ ...units, users, folders, firewall }).map((file) => file.join('\n')),
  ).toMatchSnapshot();
});

describe('a process', () => {
  test('runs the command of its image, with the arguments of the specification', () => {
    expect(settings('worker', 'ExecStart')).toEqual(['"node" "/opt/worker.cjs"']);
    expect(settings('models', 'ExecStart')).toEqual(['"node" "/opt/worker.cjs" "fetch-models"']);
    expect(settings('whisper', 'ExecSearchPath')).toEqual(['/opt/venv/bin:/bin']);
  });

  test('reaches others by the network of the machine', () => {
    expect(settings('worker', 'Environment')).toEqual(
      expect.arrayContaining(['"WHISPER=http://127.0.0.1:8001"', '"PORT=8080"', '"HOST=127.0.0.1"']),
    );
  });

  test('listens for other machines only behind a load balancer', () => {
    const files = withWorker({ ports: [{ port: 8080, host: 18_080 }] });
    expect(settings('worker', 'Environment', files)).toEqual(
      expect.arrayContaining(['"PORT=18080"', '"HOST=0.0.0.0"']),
    );
  });

  test.each([
    ['quotes "here" and \\there', '"A=quotes \\"here\\" and \\\\there"'],
    ['50 % of $HOME, ${HOME}', '"A=50 %% of $HOME, ${HOME}"'],
    ['ünï', '"A=ünï"'],
    ['', '"A="'],
  ])('gets the variable %j unchanged', (value, written) => {
    expect(settings('worker', 'Environment', withWorker({ environment: { A: value } }))).toContain(written);
  });

  test.each(['two\nlines', 'a\u0000b', '\u007f'])('with the variable %j is refused', (value) => {
    expect(() => withWorker({ environment: { A: value } })).toThrow('control characters');
  });

  test('has variables of a command not expanded', () => {
    const files = withWorker({ exec: { kind: 'node', bundle: 'worker', args: ['$HOME', '100%'] } });
    expect(settings('worker', 'ExecStart', files)).toEqual(['"node" "/opt/worker.cjs" "$$HOME" "100%%"']);
  });

  test('restarts, unless it runs once or may stay stopped', () => {
    expect(settings('worker', 'Restart')).toEqual(['always']);
    expect(settings('models', 'Restart')).toEqual(['on-failure']);
    expect(settings('models', 'Type')).toEqual(['oneshot']);
    expect(settings('worker', 'Restart', withWorker({ essential: false }))).toEqual(['no']);
    expect(
      settings('worker', 'Restart', withWorker({ essential: false, restart_after_seconds: 60 })),
    ).toEqual(['always']);
  });

  test('starts after those it waits for', () => {
    expect(settings('whisper', 'Requires')).toEqual([]);
    expect(settings('whisper', 'After').join(' ')).not.toContain('models');
    expect(settings('worker', 'Requires')).toEqual(['spotscribe-models.service']);
    expect(settings('worker', 'Wants')).toEqual(['spotscribe-whisper.service']);
  });

  test('may use the memory that others have not reserved, and the system needs', () => {
    expect(settings('whisper', 'MemoryMax')).toEqual([`${16_000 - 1024 - 256 - 512}M`]);
    expect(settings('whisper', 'MemoryMax', machineFiles(spec, { ...host, memoryMib: 4096 }))).toEqual([
      '8192M',
    ]);
  });

  test('sees the GPU only if it has one', () => {
    expect(settings('whisper', 'DeviceAllow')).toContain('char-nvidia-uvm rw');
    expect(settings('worker', 'DeviceAllow')).toEqual([]);
    const library = '/usr/lib64/libcuda.so.1:/usr/local/nvidia/lib64/libcuda.so.1';
    expect(settings('whisper', 'BindReadOnlyPaths')).toContain(library);
    expect(settings('whisper', 'Environment')).toContain('"LD_LIBRARY_PATH=/usr/local/nvidia/lib64"');
    expect(settings('worker', 'BindReadOnlyPaths')).not.toContain(library);
  });

  test('cannot share a GPU', () => {
    expect(() => withWorker({ gpu: 'shared' })).toThrow('"worker" cannot share a GPU');
  });
});

describe('a volume', () => {
  test('belongs to its only writer, and the others of the group may read it', () => {
    expect(machineFiles(spec, host).folders.split('\n')).toContain(
      'd /mnt/nvme/shared-audio 2750 spotscribe-worker spotscribe',
    );
    expect(settings('whisper', 'BindReadOnlyPaths')).toContain('/mnt/nvme/shared-audio:/shared-audio');
  });

  test('of several writers is a folder for each, which the others cannot read', () => {
    const files = withWorker({ mounts: [{ volume: 'scratch' }] });
    expect(files.folders.split('\n')).toEqual(
      expect.arrayContaining([
        'd /mnt/nvme/scratch/whisper 0700 spotscribe-whisper spotscribe',
        'd /mnt/nvme/scratch/worker 0700 spotscribe-worker spotscribe',
      ]),
    );
    expect(settings('whisper', 'BindPaths', files)).toEqual(['/mnt/nvme/scratch/whisper:/scratch']);
  });
});

test('only processes that call AWS reach the network and the metadata service', () => {
  const { firewall } = machineFiles(spec, host);
  expect(firewall).toContain(
    'ip daddr 169.254.169.254 meta skuid != { 0, "spotscribe-models", "spotscribe-worker", "spotscribe_journal" } reject',
  );
  expect(firewall).toContain('oifname != "lo" meta skuid { "spotscribe-whisper" } reject');
});

test.each([
  ['image', { image: 'none' }],
  ['volume', { mounts: [{ volume: 'none' }] }],
  ['process', { environment: { A: '${url:none}' } }],
] as const)('a process that names an unknown %s is refused', (kind, change) => {
  expect(() => withWorker(change as Partial<MachineProcess>)).toThrow(`The machine has no ${kind} "none"`);
});
