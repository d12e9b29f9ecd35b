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
  /** Port of the service on the machines. */
  readonly port: number;
  /**
   * Time for a machine to finish its requests before it is removed. ECS sends SIGTERM afterwards.
   * The worker has the rest of a spot notice's 120 s to return its jobs.
   */
  readonly drain: Duration;
}

/**
 * Target group of machines. A request goes to the healthy machine with the fewest requests in
 * flight.
 */
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
