import { basename } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type ISecurityGroup, type ISubnet, type IVpc } from 'aws-cdk-lib/aws-ec2';
import { Architecture, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { METRIC } from '../../core/contract/environment';
import { acknowledgeWildcard } from '../policies/acknowledge';
import { bundledHandler } from './bundled-handler';

export interface HandlerProps {
  /**
   * File in `lambda/`, without extension. Logs and metrics use the file's name as the function's
   * name.
   */
  readonly file: string;
  readonly description: string;
  readonly environment: Record<string, string>;
  /** @default Duration.seconds(10) */
  readonly timeout?: Duration;
  /** @default 256 */
  readonly memoryMiB?: number;
  /** Receives failed asynchronous events. @default - Lambda drops them after two retries */
  readonly failedEvents?: IQueue;
  /** VPC of the function, if it calls private endpoints. @default - no VPC */
  readonly inside?: {
    readonly vpc: IVpc;
    readonly subnets: ISubnet[];
    readonly securityGroup: ISecurityGroup;
  };
}

/**
 * Actions that Lambda performs with the function's role to attach it to a VPC. They support only
 * `*`.
 */
const NETWORK_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/**
 * Creates a Lambda function from a file in `lambda/`, with the configuration that all functions
 * share.
 */
export function handlerFunction(scope: Construct, id: string, props: HandlerProps): NodejsFunction {
  const logGroup = new LogGroup(scope, `${id}Log`, {
    retention: RetentionDays.TWO_WEEKS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  if (props.inside !== undefined) grantNetwork(role);
  const handler = new NodejsFunction(scope, id, {
    code: bundledHandler(props.file),
    handler: 'index.handler',
    description: props.description,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: props.memoryMiB ?? 256,
    timeout: props.timeout ?? Duration.seconds(10),
    tracing: Tracing.ACTIVE,
    loggingFormat: LoggingFormat.JSON,
    logGroup,
    role,
    deadLetterQueue: props.failedEvents,
    ...(props.inside && {
      vpc: props.inside.vpc,
      securityGroups: [props.inside.securityGroup],
      // In a public subnet a function has no public address and no internet access, which is
      // intended.
      vpcSubnets: { subnets: props.inside.subnets },
      allowPublicSubnet: true,
    }),
    environment: {
      ...props.environment,
      POWERTOOLS_SERVICE_NAME: basename(props.file),
      POWERTOOLS_METRICS_NAMESPACE: Stack.of(scope).stackName,
      // The SDK backs off while a service throttles.
      AWS_RETRY_MODE: 'adaptive',
    },
  });
  acknowledgeWildcard(role, '*', 'The two write actions of X-Ray support only *.');
  return handler;
}

/**
 * Failures that a handler counts itself, including answers with status 500, which Lambda counts as
 * successes.
 *
 * @param file of the handler, as in {@link HandlerProps}
 */
export const failuresOf = (scope: Construct, file: string): Metric =>
  metricOf(scope, file, METRIC.failures, Stats.SUM);

/** A metric that a handler counts itself, in periods of five minutes. @param file as in {@link failuresOf} */
export const metricOf = (scope: Construct, file: string, metricName: string, statistic: string): Metric =>
  new Metric({
    namespace: Stack.of(scope).stackName,
    metricName,
    dimensionsMap: { service: file },
    statistic,
    period: Duration.minutes(5),
  });

function grantNetwork(role: Role) {
  role.addToPolicy(new PolicyStatement({ actions: NETWORK_ACTIONS, resources: ['*'] }));
  role.addToPolicy(
    // The condition key exists only in calls of the function's own code.
    new PolicyStatement({
      effect: Effect.DENY,
      actions: NETWORK_ACTIONS,
      resources: ['*'],
      conditions: { Null: { 'lambda:SourceFunctionArn': 'false' } },
    }),
  );
}
