import { UserData } from 'aws-cdk-lib/aws-ec2';
import { CONTAINER_UID } from '../../core/machine/container';

/**
 * Volumes of the processes: folders on the machine's NVMe disk, and the file that describes the
 * machine.
 */
export const MACHINE_PATH = {
  sharedAudio: '/mnt/nvme/shared-audio',
  models: '/mnt/nvme/models',
  scratch: '/mnt/nvme/scratch',
  machine: '/mnt/nvme/machine.json',
} as const;

/** User and group of the processes in Spotscribe's images. */
export const CONTAINER_USER = `${CONTAINER_UID}:${CONTAINER_UID}`;

/**
 * Script that a machine runs at boot, before its ECS agent starts. It formats and mounts the local
 * NVMe disk (EC2 does neither), moves Docker's storage onto it so that large images are pulled in
 * seconds, writes a description of the machine, and joins the cluster.
 *
 * @param gpuCommands run while Docker is stopped
 */
export function machineBoot(clusterName: string, gpuCommands: string[]): UserData {
  const boot = UserData.forLinux({ shebang: '#!/bin/bash -xe' });
  boot.addCommands(
    'systemctl stop ecs docker.socket docker containerd || true',

    '# The local disk, by its model name: EBS volumes are NVMe devices too.',
    `disk=$(lsblk -dnpo NAME,MODEL | awk '/Instance Storage/ {print $1; exit}')`,
    'mkdir -p /mnt/nvme',
    'if [ -n "$disk" ]; then mkfs.ext4 -F -E lazy_itable_init=1,nodiscard "$disk"; mount -o noatime,nodev,nosuid "$disk" /mnt/nvme; fi',
    'for d in docker containerd; do mkdir -p /mnt/nvme/$d /var/lib/$d; mount --bind /mnt/nvme/$d /var/lib/$d; mount -o remount,bind,dev,suid,exec /var/lib/$d; done',
    `install -d -m 0770 -o ${CONTAINER_UID} -g ${CONTAINER_UID} ${MACHINE_PATH.sharedAudio} ${MACHINE_PATH.models} ${MACHINE_PATH.scratch}`,

    '# Containers cannot reach the metadata service (hop limit 1): tell them what they run on.',
    'token=$(curl -sf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" http://169.254.169.254/latest/api/token)',
    'about() { curl -sf -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"; }',
    `printf '{"instance_id":"%s","instance_type":"%s","capacity":"%s","availability_zone":"%s"}\\n' "$(about instance-id)" "$(about instance-type)" "$(about instance-life-cycle)" "$(about placement/availability-zone)" > ${MACHINE_PATH.machine}`,
    `chmod 0444 ${MACHINE_PATH.machine}`,

    'cat >> /etc/ecs/ecs.config <<EOF',
    `ECS_CLUSTER=${clusterName}`,
    'ECS_ENABLE_GPU_SUPPORT=true',
    '# With a mixed-instances policy the construct’s own switch does nothing.',
    'ECS_ENABLE_SPOT_INSTANCE_DRAINING=true',
    'ECS_IMAGE_PULL_BEHAVIOR=prefer-cached',
    'ECS_CONTAINER_STOP_TIMEOUT=120s',
    '# Containers get the task’s role, never the machine’s.',
    'ECS_AWSVPC_BLOCK_IMDS=true',
    'ECS_DISABLE_PRIVILEGED=true',
    'EOF',
    ...gpuCommands,
    'systemctl start containerd docker',
    '# cloud-init runs before the agent’s unit: do not wait for it here.',
    'systemctl start ecs --no-block',
  );
  return boot;
}
