import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHARED_GPU } from '../../../lib/machine/ecs-gpu';
import { machineBoot } from '../../../lib/machine/machine-boot';

describe('the boot script', () => {
  const script = machineBoot('my-cluster', []).render();

  test('is valid bash', () => {
    expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  test('writes an agent configuration that joins the cluster and drains on a spot notice', () => {
    const config = /cat >> \/etc\/ecs\/ecs.config <<EOF\n([\s\S]*?)\nEOF/.exec(script)?.[1]?.split('\n');
    expect(config).toEqual(
      expect.arrayContaining([
        'ECS_CLUSTER=my-cluster',
        'ECS_ENABLE_SPOT_INSTANCE_DRAINING=true',
        'ECS_IMAGE_PULL_BEHAVIOR=prefer-cached',
        // Model services end about 20 s after SIGTERM; the kill is for hung processes.
        'ECS_CONTAINER_STOP_TIMEOUT=120s',
      ]),
    );
  });

  test('stops Docker before its folder moves to the local disk, and starts it after', () => {
    const at = (text: string) => script.indexOf(text);
    expect(at('systemctl stop ecs docker')).toBeGreaterThan(0);
    expect(at('mkfs.ext4')).toBeGreaterThan(at('systemctl stop ecs docker'));
    expect(at('mount --bind /mnt/nvme/$d')).toBeGreaterThan(at('mkfs.ext4'));
    expect(at('systemctl start containerd docker')).toBeGreaterThan(at('mount --bind'));
  });

  test('selects the local disk by its name, never an EBS volume', () => {
    const awk = /lsblk -dnpo NAME,MODEL \| (awk '.*?')/.exec(script)?.[1];
    const disks = '/dev/nvme0n1 Amazon Elastic Block Store\n/dev/nvme1n1 Amazon EC2 NVMe Instance Storage\n';
    const { stdout } = spawnSync('bash', ['-c', awk ?? 'false'], { input: disks, encoding: 'utf8' });
    expect(stdout).toBe('/dev/nvme1n1\n');
  });
});

describe('the boot script of a machine whose containers share the GPU', () => {
  let folder: string;
  let options: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spotscribe-boot-'));
    options = join(folder, 'docker');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs the Docker configuration commands on a local file, with the script's shell options. */
  const configure = () => {
    const commands = SHARED_GPU.bootCommands.map((line) =>
      line.replaceAll('/etc/sysconfig/docker', options).replace('systemctl', 'false'),
    );
    const ran = spawnSync('bash', ['-xe', '-c', commands.join('\n')], { encoding: 'utf8' });
    expect(ran.status).toBe(0);
    return readFileSync(options, 'utf8');
  };
  const effective = () =>
    spawnSync('bash', ['-c', `. ${options}; echo "$OPTIONS"`], { encoding: 'utf8' }).stdout.trim();

  test.each([
    [
      'OPTIONS="--default-ulimit nofile=32768:65536"\n',
      '--default-runtime=nvidia --default-ulimit nofile=32768:65536',
    ],
    ['# OPTIONS="--default-runtime=runc"\nDAEMON_MAXFILES=1048576\n', '--default-runtime=nvidia'],
    ['OPTIONS="--default-runtime nvidia --debug"\n', '--default-runtime nvidia --debug'],
  ])('makes NVIDIA’s runtime Docker’s default, beside the options that are there: %j', (before, after) => {
    writeFileSync(options, before);
    configure();
    expect(effective()).toBe(after);
    // A second boot with the same disk changes nothing.
    const first = readFileSync(options, 'utf8');
    expect(configure()).toBe(first);
  });

  test('also does so if Docker has no options yet', () => {
    configure();
    expect(effective()).toBe('--default-runtime=nvidia');
  });

  test('does so while Docker is stopped', () => {
    const script = machineBoot('my-cluster', SHARED_GPU.bootCommands).render();
    const at = script.indexOf('--default-runtime=nvidia');
    expect(at).toBeGreaterThan(script.indexOf('systemctl stop ecs docker'));
    expect(at).toBeLessThan(script.indexOf('systemctl start containerd docker'));
  });
});
