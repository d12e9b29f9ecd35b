const DOCKER_OPTIONS = '/etc/sysconfig/docker';

/**
 * Lets all containers share the GPU. Docker starts all containers with NVIDIA's runtime, which gives
 * the GPU to containers with the variables below. Each process has its own CUDA context, so a fault
 * in one process (an illegal access, a broken kernel) ends only that process. The driver schedules
 * them in turn.
 *
 * Nothing enforces memory limits: the services limit themselves to their shares. The AMI registers
 * the runtime under the name `nvidia` (in `/etc/docker-runtimes.d`).
 */
export const SHARED_GPU = {
  /** Variables that give a container access to the GPU. */
  environment: { NVIDIA_VISIBLE_DEVICES: 'all', NVIDIA_DRIVER_CAPABILITIES: 'compute,utility' },
  /** Commands that a machine runs at boot, while Docker is stopped. */
  bootCommands: [
    '# Several containers share the GPU: all start with NVIDIA’s runtime.',
    `grep -qs '^OPTIONS=.*--default-runtime' ${DOCKER_OPTIONS} || sed -i 's/^OPTIONS="/OPTIONS="--default-runtime=nvidia /' ${DOCKER_OPTIONS} || true`,
    `grep -qs '^OPTIONS=.*--default-runtime' ${DOCKER_OPTIONS} || echo 'OPTIONS="--default-runtime=nvidia"' >> ${DOCKER_OPTIONS}`,
    '# Stop the AMI’s MPS server: containers would use it, and a fault in one would end all of them.',
    'systemctl disable --now nvidia-mps || true',
  ],
};
