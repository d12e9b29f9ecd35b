import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { bootScript } from '../../../lib/machine/boot-script';

const VALUES = {
  ecs: {
    SPOTSCRIBE_CLUSTER: 'my-cluster',
    SPOTSCRIBE_USER: '10001:10001',
    SPOTSCRIBE_SHARED_GPU: 'no',
    AWS_DEFAULT_REGION: 'eu-central-1',
  },
  systemd: {
    SPOTSCRIBE_PARAMETER: '/Spotscribe-Traditional/Machine',
    SPOTSCRIBE_LOG_GROUP: 'machines',
    SPOTSCRIBE_HEALTH: 'http://127.0.0.1:8080/health',
    AWS_DEFAULT_REGION: 'eu-central-1',
  },
};
const script = (runtime: keyof typeof VALUES) => bootScript(runtime, VALUES[runtime]).render();

describe.each(['ecs', 'systemd'] as const)('the boot script: %s', (runtime) => {
  test('is one file without findings of shellcheck', () => {
    const checked = spawnSync('shellcheck', ['-'], { input: script(runtime), encoding: 'utf8' });
    expect(checked).toMatchObject({ stdout: '', status: 0 });
  });

  test('selects the local disk by its name, never an EBS volume', () => {
    const awk = /lsblk -dnpo NAME,MODEL \| (awk '.*?')/.exec(script(runtime))?.[1];
    const disks = '/dev/nvme0n1 Amazon Elastic Block Store\n/dev/nvme1n1 Amazon EC2 NVMe Instance Storage\n';
    const { stdout } = spawnSync('bash', ['-c', awk ?? 'false'], { input: disks, encoding: 'utf8' });
    expect(stdout).toBe('/dev/nvme1n1\n');
  });
});

/** A machine of an ECS cluster: programs that write down how they are called, and its files in a folder. */
describe('the boot of a machine of an ECS cluster', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spotscribe-boot-'));
    for (const name of ['etc/ecs', 'etc/sysconfig', 'bin', 'var/lib'])
      mkdirSync(join(folder, name), { recursive: true });
    for (const name of ['mount', 'mkfs.ext4', 'aws', 'install']) program(name, '');
    // No service of the AMI mounts the disks.
    program('systemctl', '[ "$1" != cat ]');
    program('mountpoint', 'exit 1');
    program('blkid', 'exit 1');
    program('lsblk', 'echo "/dev/nvme1n1 Amazon EC2 NVMe Instance Storage"');
    program('curl', 'case "$*" in *instance-id) echo i-1 ;; *token) echo token ;; *) echo other ;; esac');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function program(name: string, body: string) {
    const file = join(folder, 'bin', name);
    writeFileSync(file, `#!/bin/sh\necho "${name} $*" >>${folder}/calls\n${body}\n`);
    chmodSync(file, 0o755);
  }

  /** Runs the script with the machine's folders in the test's own. @returns the calls */
  function boot(values: Partial<(typeof VALUES)['ecs']> = {}): { status: number | null; calls: string[] } {
    const input = bootScript('ecs', { ...VALUES.ecs, ...values })
      .render()
      .replaceAll(/(?<![\w/])\/(etc|var\/lib|mnt)\//g, (_, place: string) => `${folder}/${place}/`)
      .replaceAll('=/etc/', `=${folder}/etc/`)
      .replaceAll('=/mnt/', `=${folder}/mnt/`)
      .replaceAll('>>/etc/', `>>${folder}/etc/`);
    const PATH = `${join(folder, 'bin')}${delimiter}${process.env.PATH}`;
    const { status } = spawnSync('bash', { input, encoding: 'utf8', env: { PATH } });
    return { status, calls: readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n') };
  }
  const file = (name: string) => readFileSync(join(folder, name), 'utf8');
  const options = () => join(folder, 'etc/sysconfig/docker');

  test('joins the cluster, pulls all images at once, and drains on a spot notice', () => {
    expect(boot().status).toBe(0);
    expect(file('etc/ecs/ecs.config').split('\n')).toEqual(
      expect.arrayContaining([
        'ECS_CLUSTER=my-cluster',
        'ECS_ENABLE_SPOT_INSTANCE_DRAINING=true',
        'ECS_IMAGE_PULL_BEHAVIOR=prefer-cached',
        'ECS_PULL_DEPENDENT_CONTAINERS_UPFRONT=true',
        // Model services end about 20 s after SIGTERM; the kill is for hung processes.
        'ECS_CONTAINER_STOP_TIMEOUT=120s',
      ]),
    );
    expect(JSON.parse(file('mnt/nvme/machine.json'))).toMatchObject({ instance_id: 'i-1' });
  });

  test('stops Docker before its folder moves to the local disk, and starts it after', () => {
    const { calls } = boot();
    const at = (call: string) => calls.findIndex((each) => each.startsWith(call));
    expect(at('systemctl stop ecs docker')).toBe(0);
    expect(at('mkfs.ext4')).toBeGreaterThan(0);
    expect(at('mount --bind')).toBeGreaterThan(at('mkfs.ext4'));
    expect(at('systemctl start containerd docker')).toBeGreaterThan(at('mount --bind'));
    expect(calls.at(-1)).toBe('systemctl start ecs --no-block');
  });

  test('ends the machine after a failure, with one machine less', () => {
    program('mkfs.ext4', 'exit 1');
    const { status, calls } = boot();
    expect(status).toBe(1);
    expect(calls.at(-1)).toBe(
      'aws autoscaling terminate-instance-in-auto-scaling-group --instance-id i-1 --should-decrement-desired-capacity',
    );
    expect(calls).not.toContain('systemctl start ecs --no-block');
  });

  test('switches a machine off that it cannot end', () => {
    program('mkfs.ext4', 'exit 1');
    program('aws', 'exit 1');
    expect(boot().calls.at(-1)).toBe('systemctl poweroff');
  });

  test.each([
    [
      'OPTIONS="--default-ulimit nofile=32768:65536"\n',
      '--default-runtime=nvidia --default-ulimit nofile=32768:65536',
    ],
    ['# OPTIONS="--default-runtime=runc"\nDAEMON_MAXFILES=1048576\n', '--default-runtime=nvidia'],
    ['OPTIONS="--default-runtime nvidia --debug"\n', '--default-runtime nvidia --debug'],
    [undefined, '--default-runtime=nvidia'],
  ])('makes NVIDIA’s runtime Docker’s default, beside the options that are there: %j', (before, after) => {
    if (before !== undefined) writeFileSync(options(), before);
    const effective = () =>
      spawnSync('bash', ['-c', `. ${options()}; echo "$OPTIONS"`], { encoding: 'utf8' }).stdout.trim();
    const { status, calls } = boot({ SPOTSCRIBE_SHARED_GPU: 'yes' });
    expect([status, effective()]).toEqual([0, after]);
    const stopped = calls.indexOf('systemctl disable --now nvidia-mps');
    expect(stopped).toBeGreaterThan(0);
    expect(stopped).toBeLessThan(calls.indexOf('systemctl start containerd docker'));
    // A second boot with the same disk changes nothing.
    const first = file('etc/sysconfig/docker');
    boot({ SPOTSCRIBE_SHARED_GPU: 'yes' });
    expect(file('etc/sysconfig/docker')).toBe(first);
  });
});
