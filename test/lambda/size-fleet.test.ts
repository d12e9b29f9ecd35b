import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { type Dependencies, sizeFleet } from '../../lambda/size-fleet';
import { freezeTime, NOW, quietTools } from './support';

const sqs = mockClient(SQSClient);
const autoScaling = mockClient(AutoScalingClient);
const cloudWatch = mockClient(CloudWatchClient);
const dependencies: Dependencies = {
  sqs: new SQSClient(),
  autoScaling: new AutoScalingClient(),
  queueUrl: 'http://localhost:1/queue',
  fleetName: 'fleet',
  maxMachines: 5,
  jobsPerMachine: 2,
  idleSeconds: 300,
};
const tools = quietTools();
const size = () => sizeFleet({}, dependencies, tools);
const balanced: Dependencies = {
  ...dependencies,
  balancer: { cloudWatch: new CloudWatchClient(), name: 'app/machines/1', requestsPerMachine: 2 },
};
const sizeBalanced = () => sizeFleet({}, balanced, tools);

/** The capacities that were asked for. */
const asked = () => autoScaling.commandCalls(SetDesiredCapacityCommand).map(({ args }) => args[0].input);

function given({ visible = 0, inFlight = 0, delayed = 0, desired = 0, minSize = 0, quietSeconds = 10 }) {
  sqs.on(GetQueueAttributesCommand).resolves({
    Attributes: {
      ApproximateNumberOfMessages: String(visible),
      ApproximateNumberOfMessagesNotVisible: String(inFlight),
      ApproximateNumberOfMessagesDelayed: String(delayed),
    },
  });
  autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({
    AutoScalingGroups: [
      {
        AutoScalingGroupName: 'fleet',
        MinSize: minSize,
        MaxSize: 5,
        DesiredCapacity: desired,
        DefaultCooldown: 300,
        AvailabilityZones: [],
        HealthCheckType: 'EC2',
        CreatedTime: NOW,
      },
    ],
  });
  autoScaling.on(DescribeScalingActivitiesCommand).resolves({
    Activities: [
      {
        ActivityId: '1',
        AutoScalingGroupName: 'fleet',
        Cause: 'test',
        StatusCode: 'Successful',
        StartTime: new Date(NOW.getTime() - quietSeconds * 1000),
      },
    ],
  });
}

/** What CloudWatch has: the seconds that answers took, by how many minutes ago they began. */
function answered(seconds: Record<number, number>, streamed: Record<number, number> = {}) {
  const minutes = (sums: Record<number, number>) => ({
    Timestamps: Object.keys(sums).map((ago) => new Date(NOW.getTime() - Number(ago) * 60_000)),
    Values: Object.values(sums),
  });
  cloudWatch.on(GetMetricDataCommand).resolves({
    MetricDataResults: [
      { Id: 'streamed', ...minutes(streamed) },
      { Id: 'seconds', ...minutes(seconds) },
    ],
  });
}

beforeEach(() => {
  freezeTime();
  cloudWatch.reset();
  sqs.reset();
  autoScaling.reset();
  autoScaling.on(SetDesiredCapacityCommand).resolves({});
});
afterEach(() => jest.useRealTimers());

test('wakes the fleet from zero on the first job, without waiting for a cooldown', async () => {
  given({ visible: 1 });
  expect(await size()).toEqual({ desired: 1 });
  expect(asked()).toEqual([{ AutoScalingGroupName: 'fleet', DesiredCapacity: 1, HonorCooldown: false }]);
});

test('asks the queue itself for all its messages, and after its own group alone', async () => {
  given({ visible: 1, inFlight: 3, delayed: 2, desired: 1 });
  expect(await size()).toEqual({ desired: 3 });
  expect(sqs.commandCalls(GetQueueAttributesCommand)[0]!.args[0].input).toEqual({
    QueueUrl: dependencies.queueUrl,
    AttributeNames: [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesNotVisible',
      'ApproximateNumberOfMessagesDelayed',
    ],
  });
  expect(autoScaling.commandCalls(DescribeAutoScalingGroupsCommand)[0]!.args[0].input).toEqual({
    AutoScalingGroupNames: ['fleet'],
  });
});

test('asks for no more machines than allowed', async () => {
  given({ visible: 1000 });
  await size();
  expect(asked()).toMatchObject([{ DesiredCapacity: 5 }]);
});

test.each([
  ['there is nothing and nobody', {}],
  ['there are machines enough', { visible: 3, desired: 2 }],
  ['there are more machines than needed', { visible: 1, desired: 4, quietSeconds: 86_400 }],
  ['machines idle, but not for long', { desired: 1, quietSeconds: 15 * 60 + 600 }],
  ['a worker holds the last job for hours', { inFlight: 1, desired: 1, quietSeconds: 86_400 }],
])('changes nothing while %s', async (_, each) => {
  given(each);
  expect(await size()).toEqual({ desired: 'desired' in each ? each.desired : 0 });
  expect(asked()).toEqual([]);
});

test('lets go of machines that should have ended themselves', async () => {
  given({ desired: 2, quietSeconds: 15 * 60 + 601 });
  expect(await size()).toEqual({ desired: 0 });
  expect(asked()).toMatchObject([{ DesiredCapacity: 0 }]);
});

test('lets go down to the machines that are to be warm, and no further', async () => {
  given({ desired: 3, minSize: 2, quietSeconds: 86_400 });
  expect(await size()).toEqual({ desired: 2 });
  expect(asked()).toMatchObject([{ DesiredCapacity: 2 }]);
  given({ desired: 2, minSize: 2, quietSeconds: 86_400 });
  expect(await size()).toEqual({ desired: 2 });
  expect(asked()).toHaveLength(1);
});

test('keeps machines of which it does not know when they began', async () => {
  given({ desired: 2 });
  autoScaling.on(DescribeScalingActivitiesCommand).resolves({ Activities: [] });
  await size();
  expect(asked()).toEqual([]);
});

test('names the group that is missing', async () => {
  given({ visible: 1 });
  autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [] });
  await expect(size()).rejects.toThrow('There is no Auto Scaling group fleet');
});

test('fails, and changes nothing, where the queue does not answer', async () => {
  given({ desired: 2, quietSeconds: 86_400 });
  sqs.on(GetQueueAttributesCommand).rejects(new Error('no queue'));
  await expect(size()).rejects.toThrow('no queue');
  expect(asked()).toEqual([]);
});

describe('machines behind a load balancer', () => {
  test('are raised for the requests that they answer, which add to the jobs', async () => {
    given({ inFlight: 1, desired: 1 });
    answered({ 2: 4 * 60 });
    expect(await sizeBalanced()).toEqual({ desired: 3 });
  });

  test('ask for the sum of the answers’ times in each full minute, of their own load balancer alone', async () => {
    given({ desired: 1 });
    answered({});
    await sizeBalanced();
    const asked = cloudWatch.commandCalls(GetMetricDataCommand);
    expect(asked).toHaveLength(1);
    const { StartTime, EndTime, MetricDataQueries } = asked[0]!.args[0].input;
    expect(MetricDataQueries).toEqual([
      {
        Id: 'seconds',
        MetricStat: {
          Metric: {
            Namespace: 'AWS/ApplicationELB',
            MetricName: 'TargetResponseTime',
            Dimensions: [{ Name: 'LoadBalancer', Value: 'app/machines/1' }],
          },
          Period: 60,
          Stat: 'Sum',
        },
      },
    ]);
    expect(EndTime!.getTime()).toBe(Math.floor(NOW.getTime() / 60_000) * 60_000);
    expect(EndTime!.getTime() - StartTime!.getTime()).toBe((15 * 60 + 600) * 1000);
  });

  test('ask for nothing while there are none: a request becomes a job then', async () => {
    given({ visible: 1 });
    answered({ 1: 600 });
    expect(await sizeBalanced()).toEqual({ desired: 1 });
    expect(cloudWatch.commandCalls(GetMetricDataCommand)).toHaveLength(0);
  });

  test('are kept though no job comes, while requests do', async () => {
    given({ desired: 2, quietSeconds: 86_400 });
    answered({ 24: 0.5 });
    expect(await sizeBalanced()).toEqual({ desired: 2 });
    answered({});
    expect(await sizeBalanced()).toEqual({ desired: 0 });
  });

  test('are kept, and not raised, while requests come by the public load balancer', async () => {
    const open = { ...balanced, balancer: { ...balanced.balancer!, publicName: 'app/public/2' } };
    given({ desired: 2, quietSeconds: 86_400 });
    answered({}, { 2: 3_000, 24: 1 });
    expect(await sizeFleet({}, open, tools)).toEqual({ desired: 2 });
    const { MetricDataQueries = [] } = cloudWatch.commandCalls(GetMetricDataCommand)[0]!.args[0].input;
    expect(MetricDataQueries.map(({ MetricStat }) => MetricStat!.Metric)).toEqual([
      {
        Namespace: 'AWS/ApplicationELB',
        MetricName: 'TargetResponseTime',
        Dimensions: [{ Name: 'LoadBalancer', Value: 'app/machines/1' }],
      },
      {
        Namespace: 'AWS/ApplicationELB',
        MetricName: 'HTTPCode_Target_2XX_Count',
        Dimensions: [{ Name: 'LoadBalancer', Value: 'app/public/2' }],
      },
    ]);
    answered({}, { 2: 0 });
    expect(await sizeFleet({}, open, tools)).toEqual({ desired: 0 });
  });

  test('are raised for jobs where the figures are not to be had, and none is let go of', async () => {
    cloudWatch.on(GetMetricDataCommand).rejects(new Error('no figures'));
    given({ visible: 5, desired: 1 });
    expect(await sizeBalanced()).toEqual({ desired: 3 });
    given({ desired: 2, quietSeconds: 86_400 });
    expect(await sizeBalanced()).toEqual({ desired: 2 });
  });
});
