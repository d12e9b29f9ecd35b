import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IMachineImage, MachineImage, OperatingSystemType, type UserData } from 'aws-cdk-lib/aws-ec2';
import { type IGrantable, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { OUTPUT } from '../../core/contract/environment';
import { machineParameter } from '../../core/contract/machine-spec';
import { PORT } from '../../core/machine/container';
import { ServiceTree } from '../images/service-tree';
import { acknowledgeWildcard, findingName } from '../policies/acknowledge';
import { SettingsError } from '../settings';
import { bootScript } from './boot-script';
import type {
  MachinePlatform,
  MachineProcesses,
  MachineRuntime,
  PlatformOptions,
  ProcessesProps,
} from './runtime';

/**
 * AWS's Deep Learning Base AMI: Amazon Linux 2023 with NVIDIA's driver. The parameter always names the
 * newest one.
 */
const AMI = '/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id';

/** Runs the processes as units of systemd on every machine, each in the file system of its image. */
export const systemdRuntime: MachineRuntime = (fleet, options) => new SystemdPlatform(fleet, options);

class SystemdPlatform implements MachinePlatform<ServiceTree> {
  readonly images = ServiceTree;
  readonly machineImage: IMachineImage = MachineImage.fromSsmParameter(AMI, {
    os: OperatingSystemType.LINUX,
  });
  readonly userData: UserData;
  private readonly log: LogGroup;
  private role: Role | undefined;

  /** @throws SettingsError if services share the GPU */
  constructor(fleet: Construct, { gpu }: PlatformOptions) {
    if (gpu === 'shared')
      throw new SettingsError(
        'The trait "gpu" must be "exclusive" for machines without containers; got "shared". Choose the runtime of ECS.',
      );
    this.log = new LogGroup(fleet, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.userData = bootScript('systemd', {
      SPOTSCRIBE_PARAMETER: machineParameter(Stack.of(fleet).stackName),
      SPOTSCRIBE_LOG_GROUP: this.log.logGroupName,
      SPOTSCRIBE_HEALTH: `http://127.0.0.1:${PORT.worker}/health`,
      AWS_DEFAULT_REGION: Stack.of(fleet).region,
    });
  }

  /** Processes that call AWS use this role, too: the firewall keeps the others from it. */
  configureRole(role: Role) {
    this.role = role;
    const stack = Stack.of(role);
    role.addToPolicy(
      new PolicyStatement({
        actions: ['ssm:GetParameter'],
        resources: [
          stack.formatArn({
            service: 'ssm',
            resource: `parameter${machineParameter(stack.stackName)}`,
          }),
        ],
      }),
    );
    this.log.grantWrite(role);
    acknowledgeWildcard(role, `${findingName(this.log, 'Arn')}:*`, 'The streams of one group.');
  }

  run(scope: Construct, id: string, { images }: ProcessesProps<ServiceTree>): MachineProcesses {
    if (this.role === undefined) throw new Error('configureRole() must be called before run()');
    const processes = new SystemdProcesses(scope, id, this.role.roleName, this.log);
    for (const image of Object.values(images)) image.grantFetch(processes.role);
    return processes;
  }
}

/** Machines start the processes themselves, from the parameter with their specification. */
class SystemdProcesses extends Construct implements MachineProcesses {
  readonly role: IGrantable;
  readonly outputs: Record<string, string>;

  constructor(scope: Construct, id: string, roleName: string, log: LogGroup) {
    super(scope, id);
    // By its name, so that it gets a policy of its own. The launch template waits for the policies of the
    // machines' role, and this one names the group that needs the launch template.
    this.role = Role.fromRoleName(this, 'Role', roleName);
    this.outputs = { [OUTPUT.logGroup]: log.logGroupName };
  }

  register({ process }: { readonly process: string }): void {
    throw new SettingsError(
      `Without containers, no load balancer can send requests to a process; got "${process}". Choose the runtime of ECS.`,
    );
  }
}
