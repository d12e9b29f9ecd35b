import { UserData } from 'aws-cdk-lib/aws-ec2';

/** Folders of the machine's NVMe disk, and the file in which a machine describes itself to its containers. */
export const MACHINE_PATH = {
  sharedAudio: '/mnt/nvme/shared-audio',
  models: '/mnt/nvme/models',
  scratch: '/mnt/nvme/scratch',
  about: '/mnt/nvme/machine.json',
} as const;

/** Where models lie in a baked machine image. */
export const BAKED_MODELS = '/var/lib/spotscribe/models';

/** User and group of the processes in our images. */
export const CONTAINER_USER = '10001:10001';

/** Docker's folders go to the local disk. */
const DOCKER_ON_LOCAL_DISK = [
  'for d in docker containerd; do mkdir -p /mnt/nvme/$d /var/lib/$d; mount --bind /mnt/nvme/$d /var/lib/$d; mount -o remount,bind,dev,suid,exec /var/lib/$d; done',
];

/** Docker's folders stay where they were baked, and the models are shown where they are looked for, as this run's own. */
const BAKED_IN_PLACE = [
  `mount --bind ${BAKED_MODELS} ${MACHINE_PATH.models}`,
  `find ${BAKED_MODELS}/.store -mindepth 2 -maxdepth 2 -name '*.json' -exec sed -i 's/"boot":"baked"/"boot":"'"$(cat /proc/sys/kernel/random/boot_id)"'"/' {} +`,
];

/**
 * What a machine does at boot, before its ECS agent starts:
 * formats and mounts the local NVMe disk (EC2 does neither), moves Docker's images and containers onto it (which
 * makes pulling a gigabyte image a matter of seconds), writes down what it is, and joins the cluster.
 *
 * @param gpuCommands run while Docker is stopped
 * @param baked whether images and models are in the machine image (`BakedMachineImage`): the local disk is empty at boot
 */
export function machineBoot(clusterName: string, gpuCommands: string[], baked = false): UserData {
  const boot = UserData.forLinux({ shebang: '#!/bin/bash -xe' });
  boot.addCommands(
    'systemctl stop ecs docker.socket docker containerd || true',

    '# The local disk, by its model name: EBS volumes are NVMe devices too.',
    `disk=$(lsblk -dnpo NAME,MODEL | awk '/Instance Storage/ {print $1; exit}')`,
    'mkdir -p /mnt/nvme',
    'if [ -n "$disk" ]; then mkfs.ext4 -F -E lazy_itable_init=1,nodiscard "$disk"; mount -o noatime,nodev,nosuid "$disk" /mnt/nvme; fi',
    ...(baked ? [] : DOCKER_ON_LOCAL_DISK),
    `install -d -m 0770 -o 10001 -g 10001 ${MACHINE_PATH.sharedAudio} ${MACHINE_PATH.models} ${MACHINE_PATH.scratch}`,
    ...(baked ? BAKED_IN_PLACE : []),

    '# Containers cannot reach the metadata service (hop limit 1): tell them what they run on.',
    'token=$(curl -sf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" http://169.254.169.254/latest/api/token)',
    'about() { curl -sf -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"; }',
    `printf '{"instance_id":"%s","instance_type":"%s","capacity":"%s","availability_zone":"%s"}\\n' "$(about instance-id)" "$(about instance-type)" "$(about instance-life-cycle)" "$(about placement/availability-zone)" > ${MACHINE_PATH.about}`,
    `chmod 0444 ${MACHINE_PATH.about}`,

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
