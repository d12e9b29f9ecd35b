import { spawnSync } from 'node:child_process';
import { machineBoot } from '../../../lib/gpu/machine-boot';

describe('the boot script', () => {
  const script = machineBoot('my-cluster').render();

  test('is one that bash can read', () => {
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

  test('takes the local disk by its name, never an EBS volume', () => {
    const awk = /lsblk -dnpo NAME,MODEL \| (awk '.*?')/.exec(script)?.[1];
    const disks = '/dev/nvme0n1 Amazon Elastic Block Store\n/dev/nvme1n1 Amazon EC2 NVMe Instance Storage\n';
    const { stdout } = spawnSync('bash', ['-c', awk ?? 'false'], { input: disks, encoding: 'utf8' });
    expect(stdout).toBe('/dev/nvme1n1\n');
  });
});
