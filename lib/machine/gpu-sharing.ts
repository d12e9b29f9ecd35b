/** What a kind of sharing comes down to. */
interface Terms {
  readonly gpuCount?: number;
  readonly environment?: Record<string, string>;
  readonly bootCommands?: string[];
}

const DOCKER_OPTIONS = '/etc/sysconfig/docker';

/** How the containers of a task come to the machine's GPU. */
export class GpuSharing {
  /** One container has the GPU for itself, as ECS's own GPU resource: nothing else can be given it. */
  static exclusive(): GpuSharing {
    return new GpuSharing({ gpuCount: 1 });
  }

  /**
   * Every model service sees the GPU, and nobody divides it: Docker starts all containers with NVIDIA's runtime, which
   * looks at the variables below and leaves alone those that lack them. Each process has a context of its own, so that a
   * fault in one (an illegal access, a broken kernel) ends that one alone, and the driver gives them turns.
   *
   * Memory is whoever asks first: the services keep to their shares themselves. The AMI knows the runtime by the name
   * `nvidia` (its `/etc/docker-runtimes.d`).
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

  /** Whole GPUs for a model service's container. */
  get gpuCount(): number | undefined {
    return this.terms.gpuCount;
  }

  /** Variables that a model service's container needs in order to see the GPU. */
  get environment(): Record<string, string> {
    return this.terms.environment ?? {};
  }

  /** What a machine does at boot while Docker is not running. */
  get bootCommands(): string[] {
    return this.terms.bootCommands ?? [];
  }
}
