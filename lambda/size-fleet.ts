import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { env, envNumber, lambdaHandler, type Tools } from './runtime';
import { desiredMachines, isStranded } from './sizing';

export interface Dependencies {
  sqs: SQSClient;
  autoScaling: AutoScalingClient;
  queueUrl: string;
  fleetName: string;
  maxMachines: number;
  jobsPerMachine: number;
  idleSeconds: number;
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
  }),
  sizeFleet,
);

export async function sizeFleet(
  _event: unknown,
  dependencies: Dependencies,
  { logger, metrics }: Tools,
): Promise<{ desired: number }> {
  const { autoScaling, fleetName, maxMachines, jobsPerMachine, idleSeconds } = dependencies;
  const [queue, fleet] = await Promise.all([queueState(dependencies), fleetState(dependencies)]);
  const { minMachines } = fleet;
  const state = { ...queue, desired: fleet.desired, minMachines, maxMachines, jobsPerMachine };
  const stranded = isStranded(state, fleet.quietSeconds, idleSeconds);
  const desired = stranded ? minMachines : desiredMachines(state);
  metrics.addMetric('DesiredMachines', MetricUnit.Count, desired);
  metrics.addMetric('JobsInQueue', MetricUnit.Count, queue.visible + queue.delayed);
  metrics.addMetric('JobsInFlight', MetricUnit.Count, queue.inFlight);
  if (desired !== fleet.desired) {
    logger.info(stranded ? 'letting go of stranded machines' : 'raising the fleet', {
      from: fleet.desired,
      to: desired,
      ...queue,
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
