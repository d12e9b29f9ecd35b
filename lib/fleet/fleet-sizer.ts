import { Duration } from 'aws-cdk-lib';
import { EventField, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct, type IDependable } from 'constructs';
import { ENV } from '../../core/contract/environment';
import { SIZING_SECONDS } from '../../core/contract/limits';
import type { SizeFleetEvent } from '../../core/contract/machine';
import type { DeployedTasks } from '../../core/contract/tasks';
import { unitOf } from '../../core/tasks/measures';
import { acknowledgeWildcard } from '../policies/acknowledge';
import { handlerFunction } from '../functions/handler';
import type { JobQueue } from '../jobs/job-queue';
import type { JobStore } from '../jobs/job-store';
import { idleEnvironment } from '../environment';
import type { Settings } from '../settings';
import type { SpotFleet } from './spot-fleet';
import { warmEnvironment, type Warmth } from './warmth';

export interface FleetSizerProps {
  readonly fleet: SpotFleet;
  readonly queue: JobQueue;
  readonly store: JobStore;
  readonly path: string;
  readonly settings: Settings;
  /** The tasks that the path's machines do. */
  readonly tasks: DeployedTasks;
  /** Whether callers wait for answers of the machines. */
  readonly inPlace: boolean;
  /** The machines' processes, whose workers write heartbeats. */
  readonly processes: IDependable;
  /** Machines that run while nothing is queued. */
  readonly warmth: Warmth;
}

/**
 * Scales the fleet out for queued jobs and, on some paths, requests in place: each minute, and at
 * once when a job arrives. Each minute it also terminates dead machines (docs/decisions/023) and
 * keeps machines warm (docs/decisions/024).
 */
export class FleetSizer extends Construct {
  readonly handler: NodejsFunction;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: FleetSizerProps,
  ) {
    super(scope, id);
    const { fleet, queue, store, path, settings, warmth } = props;
    this.handler = handlerFunction(this, 'SizeFleet', {
      file: 'fleet/size-fleet',
      description: 'Sets the number of machines',
      timeout: Duration.seconds(SIZING_SECONDS),
      environment: {
        [ENV.path]: path,
        [ENV.jobsTable]: store.table.tableName,
        ...queue.environment,
        [ENV.fleetName]: fleet.group.autoScalingGroupName,
        ...(fleet.onDemandGroup !== undefined && {
          [ENV.onDemandFleetName]: fleet.onDemandGroup.autoScalingGroupName,
          [ENV.onDemandAfter]: String(settings.onDemandAfter),
          [ENV.onDemandMachines]: String(settings.onDemandMachines),
        }),
        [ENV.maxMachines]: String(settings.maxMachines),
        [ENV.fleetMode]: settings.fleetMode,
        [ENV.unit]: unitOf(props.tasks),
        ...(settings.jobsPerMachine !== undefined && {
          [ENV.jobsPerMachine]: String(settings.jobsPerMachine),
        }),
        ...idleEnvironment(settings, props.inPlace),
        ...warmEnvironment(warmth),
      },
    });
    fleet.grantSize(this.handler);
    store.grantFleet(this.handler);
    queue.grantCount(this.handler);
    this.eachMinute();
    this.atInterruptions();
  }

  /**
   * Also counts the requests that machines answer in place.
   *
   * @param loadBalancer the load balancer's name in CloudWatch
   */
  countRequests(loadBalancer: string) {
    const { requestsPerMachine } = this.props.settings;
    this.handler.addEnvironment(ENV.loadBalancer, loadBalancer);
    this.handler.addEnvironment(ENV.requestsPerMachine, String(requestsPerMachine));
    this.handler.addToRolePolicy(
      // This action supports only `*`.
      new PolicyStatement({ actions: ['cloudwatch:GetMetricData'], resources: ['*'] }),
    );
    acknowledgeWildcard(
      this.handler,
      '*',
      'Describing groups, reading metrics and writing traces support only *.',
    );
  }

  /**
   * Keeps idle machines while a public load balancer receives requests, which do not scale the
   * fleet out. Needs the permission that `countRequests` grants.
   *
   * @param loadBalancer the load balancer's name in CloudWatch
   */
  heedRequests(loadBalancer: string) {
    this.handler.addEnvironment(ENV.publicLoadBalancer, loadBalancer);
  }

  private eachMinute() {
    const event: SizeFleetEvent = { watch: true };
    const rule = new Rule(this, 'EachMinute', {
      description: 'Sets the number of machines each minute',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(this.handler, { event: RuleTargetInput.fromObject(event) })],
    });
    // An update changes the event only when every machine runs the new worker: workers of an
    // earlier version write no heartbeats and would be considered dead. Also, a new path must not
    // start warm machines before their processes exist.
    rule.node.addDependency(this.props.processes);
  }

  /**
   * Takes a machine that AWS takes back out of the count at once, two minutes before it ends. The event does not say
   * which group a machine is of: the function asks.
   */
  private atInterruptions() {
    new Rule(this, 'AtInterruptions', {
      description: 'Sizes the fleet when AWS takes a machine back',
      eventPattern: { source: ['aws.ec2'], detailType: ['EC2 Spot Instance Interruption Warning'] },
      targets: [
        new LambdaFunction(this.handler, {
          event: RuleTargetInput.fromObject({ interrupted: EventField.fromPath('$.detail.instance-id') }),
        }),
      ],
    });
  }

  /** Lets the grantee start a sizing at once. */
  grantWake(grantee: IGrantable) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.handler.functionArn] }),
    );
  }
}
