import { type CfnTaskDefinition, ContainerDefinition, type TaskDefinition } from 'aws-cdk-lib/aws-ecs';

export interface MpsProps {
  /** Memory of the card for each container, in MiB by its name; one without memory gets no GPU. */
  readonly memoryMib: Readonly<Record<string, number | undefined>>;
  /**
   * Most of the card's compute capacity for a container, in percent by its name. A limit, not a reservation.
   * @default - 100 for each
   */
  readonly maxComputePercent?: Readonly<Record<string, number>>;
}

/** What a kind of sharing comes down to. */
interface Terms {
  readonly gpuCount?: number;
  readonly environment?: Record<string, string>;
  readonly bootCommands?: string[];
  readonly mps?: MpsProps;
}

const DOCKER_OPTIONS = '/etc/sysconfig/docker';

/** How the containers of a task come to the machine's GPU. Of the three, `runtime` is what two models share by default. */
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

  /**
   * ECS divides the GPU with NVIDIA's Multi-Process Service: every container has a limit of memory, and kernels of
   * several containers run at the same time.
   *
   * Read in AWS's documentation (API reference of `NvidiaMpsAllocation` and `ResourceRequirement`, CloudFormation's
   * `SharingStrategy`): memory is in MiB, at least 1, and all containers of a task are given the same card, which must
   * have room for them together; `MaxComputePercent` is a limit; all containers of a task that ask for a GPU must ask in
   * the same way; it works on EC2, and not in ECS's *managed daemon* tasks – a service with the scheduling strategy
   * DAEMON, as ours is, is something else and not excluded. Read in the sources of the agent and the AMI: the agent
   * offers it from 1.107.0 on where the machine's `nvidia-mps` unit is enabled, and sets
   * `CUDA_MPS_PINNED_DEVICE_MEM_LIMIT`. A machine that does not offer it is never given the task.
   *
   * **Not shown on a T4**, nor on any card by us. A fatal fault in one container ends what the others do on that card.
   */
  static mps(props: MpsProps): GpuSharing {
    return new GpuSharing({ mps: props });
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

  /** Gives a container its part of the GPU, where the construct for containers has no word for it. */
  assign(definition: TaskDefinition, container: ContainerDefinition) {
    const { memoryMib, maxComputePercent } = this.terms.mps ?? { memoryMib: {} };
    const memory = memoryMib[container.containerName];
    if (memory === undefined) return;
    const containers = definition.node.children.filter((child) => child instanceof ContainerDefinition);
    const requirement = {
      Type: 'GPU',
      SharingStrategy: {
        NvidiaMps: { Memory: memory, MaxComputePercent: maxComputePercent?.[container.containerName] },
      },
    };
    (definition.node.defaultChild as CfnTaskDefinition).addPropertyOverride(
      `ContainerDefinitions.${containers.indexOf(container)}.ResourceRequirements`,
      [requirement],
    );
  }
}
