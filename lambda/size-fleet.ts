import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { answeredMinutes, type Names, requestsInFlight, secondsSinceAnswer } from './answered-requests';
import { ENV } from './contract';
import { env, envNumber, lambdaHandler, type Tools } from './runtime';
import { desiredMachines, type FleetState, isStranded, patienceSeconds } from './sizing';

/** The load balancers that send requests to the machines. */
export interface Balancer extends Names {
  cloudWatch: CloudWatchClient;
  requestsPerMachine: number;
}

export interface Dependencies {
  sqs: SQSClient;
  autoScaling: AutoScalingClient;
  queueUrl: string;
  fleetName: string;
  maxMachines: number;
  jobsPerMachine: number;
  idleSeconds: number;
  /** @default - machines do jobs alone */
  balancer?: Balancer;
}

/** Sets how many machines run. Called each minute, and whenever a job is queued. */
export const handler = lambdaHandler(
  (): Dependencies => ({
    sqs: new SQSClient(),
    autoScaling: new AutoScalingClient(),
    queueUrl: env('queueUrl'),
    fleetName: env('fleetName'),
    maxMachines: envNumber('maxMachines'),
    jobsPerMachine: envNumber('jobsPerMachine'),
    idleSeconds: envNumber('idleSeconds'),
    balancer: process.env[ENV.loadBalancer] === undefined ? undefined : balancer(),
  }),
  sizeFleet,
);

const balancer = (): Balancer => ({
  cloudWatch: new CloudWatchClient(),
  name: env('loadBalancer'),
  publicName: process.env[ENV.publicLoadBalancer],
  requestsPerMachine: envNumber('requestsPerMachine'),
});

export async function sizeFleet(
  _event: unknown,
  dependencies: Dependencies,
  tools: Tools,
): Promise<{ desired: number }> {
  const { logger, metrics } = tools;
  const { autoScaling, fleetName, maxMachines, jobsPerMachine, idleSeconds } = dependencies;
  const [queue, fleet] = await Promise.all([queueState(dependencies), fleetState(dependencies)]);
  const requests = await requestState(fleet.desired, dependencies, tools);
  const { requestsInFlight, requestsPerMachine } = requests;
  const work = { ...queue, requestsInFlight };
  const state = { ...fleet, ...work, maxMachines, jobsPerMachine, requestsPerMachine };
  const quietSeconds = Math.min(fleet.quietSeconds, requests.quietSeconds);
  const stranded = isStranded(state, quietSeconds, idleSeconds);
  const desired = stranded ? fleet.minMachines : desiredMachines(state);
  metrics.addMetric('DesiredMachines', MetricUnit.Count, desired);
  metrics.addMetric('JobsInQueue', MetricUnit.Count, queue.visible + queue.delayed);
  metrics.addMetric('JobsInFlight', MetricUnit.Count, queue.inFlight);
  if (desired !== fleet.desired) {
    logger.info(stranded ? 'letting go of stranded machines' : 'raising the fleet', {
      from: fleet.desired,
      to: desired,
      ...work,
    });
    await autoScaling.send(
      new SetDesiredCapacityCommand({
        AutoScalingGroupName: fleetName,
        DesiredCapacity: desired,
        HonorCooldown: false,
      }),
    );
  }
  return { desired };
}

async function queueState({ sqs, queueUrl }: Dependencies) {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    }),
  );
  return {
    visible: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
  };
}

/** Requests in place: none where no machine is there to answer them. */
async function requestState(
  machines: number,
  { balancer, idleSeconds }: Dependencies,
  { logger }: Tools,
): Promise<Pick<FleetState, 'requestsInFlight' | 'requestsPerMachine'> & { quietSeconds: number }> {
  if (balancer === undefined) return { requestsInFlight: 0, requestsPerMachine: 1, quietSeconds: Infinity };
  const { cloudWatch, requestsPerMachine } = balancer;
  if (machines === 0) return { requestsInFlight: 0, requestsPerMachine, quietSeconds: Infinity };
  const now = Date.now() / 1000;
  try {
    const span = { now, seconds: patienceSeconds(idleSeconds) };
    const { minutes, streamed } = await answeredMinutes(cloudWatch, balancer, span);
    const starts = [...minutes.map(({ start }) => start), ...streamed];
    return {
      requestsInFlight: requestsInFlight(minutes, now),
      requestsPerMachine,
      quietSeconds: secondsSinceAnswer(starts, now),
    };
  } catch (error) {
    // Jobs raise the fleet all the same; and nobody is let go of who may be answering.
    logger.warn('the load balancer’s figures cannot be read', error as Error);
    return { requestsInFlight: 0, requestsPerMachine, quietSeconds: 0 };
  }
}

async function fleetState({ autoScaling, fleetName }: Dependencies) {
  const { AutoScalingGroups = [] } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [fleetName] }),
  );
  const [group] = AutoScalingGroups;
  if (group === undefined) throw new Error(`There is no Auto Scaling group ${fleetName}`);
  return {
    desired: group.DesiredCapacity ?? 0,
    minMachines: group.MinSize ?? 0,
    quietSeconds: await quietSeconds(autoScaling, fleetName),
  };
}

/** Seconds since a machine was last launched or ended. */
async function quietSeconds(autoScaling: AutoScalingClient, fleetName: string): Promise<number> {
  const { Activities = [] } = await autoScaling.send(
    new DescribeScalingActivitiesCommand({ AutoScalingGroupName: fleetName, MaxRecords: 1 }),
  );
  const last = Activities[0]?.StartTime;
  return last === undefined ? 0 : (Date.now() - last.getTime()) / 1000;
}
