/**
 * Lets all containers share the GPU. Docker starts all containers with NVIDIA's runtime, which gives
 * the GPU to containers with the variables below. Each process has its own CUDA context, so a fault
 * in one process (an illegal access, a broken kernel) ends only that process. The driver schedules
 * them in turn.
 *
 * Nothing enforces memory limits: the services limit themselves to their shares. The AMI registers
 * the runtime under the name `nvidia` (in `/etc/docker-runtimes.d`), and `boot/ecs.sh` makes it the
 * default.
 */
export const SHARED_GPU = {
  /** Variables that give a container access to the GPU. */
  environment: { NVIDIA_VISIBLE_DEVICES: 'all', NVIDIA_DRIVER_CAPABILITIES: 'compute,utility' },
};
