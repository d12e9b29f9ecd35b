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
  /** Path of the file below `lambda/`, without its ending. The file's name is the function's name in logs and metrics. */
  readonly file: string;
  readonly description: string;
  readonly environment: Record<string, string>;
  /** @default Duration.seconds(10) */
  readonly timeout?: Duration;
  /** @default 256 */
  readonly memoryMiB?: number;
  /** Receives events that an asynchronous invocation could not handle. @default - they are dropped after two retries */
  readonly failedEvents?: IQueue;
  /** Where the function is, if it is to reach something private. @default - outside of any network of ours */
  readonly inside?: {
    readonly vpc: IVpc;
    readonly subnets: ISubnet[];
    readonly securityGroup: ISecurityGroup;
  };
}

/** What Lambda itself does, in the function's name, to bring it into a network. None of it can be limited to a name. */
const NETWORK_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** A Lambda function from a file in `lambda/`, with what all of ours share. */
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
      // A function has no public address, and so no way to the internet here: that is as it should be.
      vpcSubnets: { subnets: props.inside.subnets },
      allowPublicSubnet: true,
    }),
    environment: {
      ...props.environment,
      POWERTOOLS_SERVICE_NAME: basename(props.file),
      POWERTOOLS_METRICS_NAMESPACE: Stack.of(scope).stackName,
      // Backs off while a service throttles.
      AWS_RETRY_MODE: 'adaptive',
    },
  });
  acknowledgeWildcard(role, '*', 'X-Ray has no resources to name: its two write actions work on * alone.');
  return handler;
}

/**
 * Failures that a handler counts itself, answers with status 500 included: Lambda takes those for successes.
 *
 * @param file of the handler, as in {@link HandlerProps}
 */
export const failuresOf = (scope: Construct, file: string): Metric =>
  new Metric({
    namespace: Stack.of(scope).stackName,
    metricName: METRIC.failures,
    dimensionsMap: { service: file },
    statistic: Stats.SUM,
    period: Duration.minutes(5),
  });

function grantNetwork(role: Role) {
  role.addToPolicy(new PolicyStatement({ actions: NETWORK_ACTIONS, resources: ['*'] }));
  role.addToPolicy(
    // The key is there only when the function's own code asks.
    new PolicyStatement({
      effect: Effect.DENY,
      actions: NETWORK_ACTIONS,
      resources: ['*'],
      conditions: { Null: { 'lambda:SourceFunctionArn': 'false' } },
    }),
  );
}
