import { Duration } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import {
  ApplicationProtocol,
  ApplicationTargetGroup,
  TargetGroupLoadBalancingAlgorithmType,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';

export interface MachineTargetsProps {
  readonly vpc: IVpc;
  /** Port of the machines on which the service answers. */
  readonly port: number;
  /**
   * How long a machine that leaves may go on with its requests. ECS sends SIGTERM when this is over: of the 120 s of a spot
   * notice the worker has the rest to give its jobs back.
   */
  readonly drain: Duration;
}

/** Machines as targets of a load balancer: the one with the fewest requests under way gets the next, if it is ready. */
export function machineTargets(
  scope: Construct,
  id: string,
  { vpc, port, drain }: MachineTargetsProps,
): ApplicationTargetGroup {
  return new ApplicationTargetGroup(scope, id, {
    vpc,
    port,
    protocol: ApplicationProtocol.HTTP,
    targetType: TargetType.INSTANCE,
    loadBalancingAlgorithmType: TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
    deregistrationDelay: drain,
    healthCheck: {
      path: '/health',
      healthyHttpCodes: '200',
      interval: Duration.seconds(10),
      timeout: Duration.seconds(5),
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 3,
    },
  });
}
