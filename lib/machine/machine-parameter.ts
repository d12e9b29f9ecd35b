import { Lazy, Stack } from 'aws-cdk-lib';
import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { machineParameter, type MachineSpec, type Registration } from '../../core/contract/machine-spec';

/**
 * The Systems Manager parameter with the specification of a path's machines, for whatever runs or
 * inspects them. Values up to 4,096 bytes are free.
 */
export class MachineParameter extends Construct {
  readonly parameterName: string;
  private readonly registrations: Registration[] = [];

  constructor(scope: Construct, id: string, spec: MachineSpec) {
    super(scope, id);
    const stack = Stack.of(this);
    this.parameterName = machineParameter(stack.stackName);
    new StringParameter(this, 'Parameter', {
      parameterName: this.parameterName,
      description: 'What runs on every machine of this path',
      // Load balancers are registered later.
      stringValue: Lazy.string({ produce: () => stack.toJsonString(this.complete(spec)) }),
      tier: ParameterTier.INTELLIGENT_TIERING,
    });
  }

  /** Adds a server that a load balancer sends requests to. */
  register(registration: Registration) {
    this.registrations.push(registration);
  }

  private complete(spec: MachineSpec): MachineSpec {
    return this.registrations.length === 0 ? spec : { ...spec, registrations: this.registrations };
  }
}
