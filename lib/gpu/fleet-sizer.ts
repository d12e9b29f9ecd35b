import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import { ENV } from '../../lambda/contract';
import { acknowledgeWildcard } from '../acknowledge';
import { handlerFunction } from '../jobs/handler';
import type { JobQueue } from '../jobs/job-queue';
import { limits, type Settings } from '../settings';
import type { GpuFleet } from './gpu-fleet';

export interface FleetSizerProps {
  readonly fleet: GpuFleet;
  readonly queue: JobQueue;
  readonly path: string;
  readonly settings: Settings;
}

/**
 * Raises the fleet to what the queue, and requests in place where there are any, ask for: each minute, and at once when a
 * job comes in.
 */
export class FleetSizer extends Construct {
  readonly handler: NodejsFunction;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: FleetSizerProps,
  ) {
    super(scope, id);
    const { fleet, queue, path, settings } = props;
    this.handler = handlerFunction(this, 'SizeFleet', {
      file: 'size-fleet',
      description: 'Sets how many machines run',
      environment: {
        [ENV.path]: path,
        [ENV.queueUrl]: queue.queue.queueUrl,
        [ENV.fleetName]: fleet.group.autoScalingGroupName,
        [ENV.maxMachines]: String(settings.maxMachines),
        [ENV.jobsPerMachine]: String(settings.jobsPerMachine),
        [ENV.idleSeconds]: limits(settings).idleSeconds,
      },
    });
    fleet.grantSize(this.handler);
    this.handler.addToRolePolicy(
      new PolicyStatement({ actions: ['sqs:GetQueueAttributes'], resources: [queue.queue.queueArn] }),
    );
    new Rule(this, 'EachMinute', {
      description: 'Sizes the fleet',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(this.handler)],
    });
  }

  /**
   * Counts the requests that machines answer in place, too.
   *
   * @param loadBalancer the load balancer's name in CloudWatch
   */
  countRequests(loadBalancer: string) {
    const { requestsPerMachine } = this.props.settings;
    this.handler.addEnvironment(ENV.loadBalancer, loadBalancer);
    this.handler.addEnvironment(ENV.requestsPerMachine, String(requestsPerMachine));
    this.handler.addToRolePolicy(
      // CloudWatch has no resources to name for it.
      new PolicyStatement({ actions: ['cloudwatch:GetMetricData'], resources: ['*'] }),
    );
    acknowledgeWildcard(
      this.handler,
      '*',
      'Describing groups, reading metrics, and writing traces, works on * alone.',
    );
  }

  /**
   * Lets go of no machine while a public load balancer's requests come, which raise no fleet.
   *
   * @param loadBalancer its name in CloudWatch, which is asked where `countRequests` lets it
   */
  heedRequests(loadBalancer: string) {
    this.handler.addEnvironment(ENV.publicLoadBalancer, loadBalancer);
  }

  /** Lets the grantee ask for a sizing at once. */
  grantWake(grantee: IGrantable) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.handler.functionArn] }),
    );
  }
}
