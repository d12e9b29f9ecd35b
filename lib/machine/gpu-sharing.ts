/** Configuration of one kind of GPU access. */
interface Terms {
  readonly gpuCount?: number;
  readonly environment?: Record<string, string>;
  readonly bootCommands?: string[];
}

const DOCKER_OPTIONS = '/etc/sysconfig/docker';

/** How the containers of a task access the machine's GPU. */
export class GpuSharing {
  /** One container has exclusive access, through the GPU resource of ECS. */
  static exclusive(): GpuSharing {
    return new GpuSharing({ gpuCount: 1 });
  }

  /**
   * All model services share the GPU. Docker starts all containers with NVIDIA's runtime, which
   * gives the GPU to containers with the variables below. Each process has its own CUDA context, so
   * a fault in one process (an illegal access, a broken kernel) ends only that process. The driver
   * schedules them in turn.
   *
   * Nothing enforces memory limits: the services limit themselves to their shares. The AMI
   * registers the runtime under the name `nvidia` (in `/etc/docker-runtimes.d`).
   */
  static runtime(): GpuSharing {
    return new GpuSharing({
      environment: { NVIDIA_VISIBLE_DEVICES: 'all', NVIDIA_DRIVER_CAPABILITIES: 'compute,utility' },
      bootCommands: [
        '# Several containers share the GPU: all start with NVIDIA’s runtime.',
        `grep -qs '^OPTIONS=.*--default-runtime' ${DOCKER_OPTIONS} || sed -i 's/^OPTIONS="/OPTIONS="--default-runtime=nvidia /' ${DOCKER_OPTIONS} || true`,
        `grep -qs '^OPTIONS=.*--default-runtime' ${DOCKER_OPTIONS} || echo 'OPTIONS="--default-runtime=nvidia"' >> ${DOCKER_OPTIONS}`,
        '# The AMI’s MPS server would take in whoever finds it, and a fault in one process would end all.',
        'systemctl disable --now nvidia-mps || true',
      ],
    });
  }

  private constructor(private readonly terms: Terms) {}

  /** Number of whole GPUs for the container of a model service. */
  get gpuCount(): number | undefined {
    return this.terms.gpuCount;
  }

  /** Variables that give the container of a model service access to the GPU. */
  get environment(): Record<string, string> {
    return this.terms.environment ?? {};
  }

  /** Commands that a machine runs at boot, while Docker is stopped. */
  get bootCommands(): string[] {
    return this.terms.bootCommands ?? [];
  }
}
