import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { mockClient } from 'aws-sdk-client-mock';
import { BalancerMetrics } from '../../../local/balancer/balancer-metrics';

const cloudWatch = mockClient(CloudWatchClient);
const NOW = new Date('2026-03-01T12:00:30Z');
let metrics: BalancerMetrics;

beforeEach(() => {
  jest.useFakeTimers({ now: NOW });
  cloudWatch.reset();
  metrics = new BalancerMetrics({ cloudWatch: new CloudWatchClient(), loadBalancer: 'app/machines/1' });
});
afterEach(() => {
  metrics.stop();
  jest.useRealTimers();
});

const published = () => cloudWatch.commandCalls(PutMetricDataCommand).map(({ args }) => args[0].input);

test('publishes response times for the previous minute, under the load balancer’s name', async () => {
  metrics.answered(2, 200);
  metrics.answered(0.5, 401);
  await jest.advanceTimersByTimeAsync(5_000);
  const Dimensions = [{ Name: 'LoadBalancer', Value: 'app/machines/1' }];
  const Timestamp = new Date('2026-03-01T11:59:35Z');
  expect(published()).toEqual([
    {
      Namespace: 'AWS/ApplicationELB',
      MetricData: [
        {
          ...{ MetricName: 'TargetResponseTime', Unit: 'Seconds', Dimensions, Timestamp },
          StatisticValues: { SampleCount: 2, Sum: 2.5, Minimum: 0.5, Maximum: 2 },
        },
        { ...{ MetricName: 'RequestCount', Unit: 'Count', Dimensions, Timestamp }, Value: 2 },
        { ...{ MetricName: 'HTTPCode_Target_2XX_Count', Unit: 'Count', Dimensions, Timestamp }, Value: 1 },
      ],
    },
  ]);
});

test('counts each answer once, and publishes nothing without answers', async () => {
  await jest.advanceTimersByTimeAsync(20_000);
  expect(published()).toEqual([]);
  metrics.answered(1, 200);
  await jest.advanceTimersByTimeAsync(20_000);
  expect(published()).toHaveLength(1);
});

test('continues if the metrics cannot be published', async () => {
  const told = jest.spyOn(console, 'error').mockReturnValue();
  cloudWatch.on(PutMetricDataCommand).rejectsOnce(new Error('no figures')).resolves({});
  metrics.answered(1, 200);
  await jest.advanceTimersByTimeAsync(5_000);
  metrics.answered(1, 200);
  await jest.advanceTimersByTimeAsync(5_000);
  expect(published()).toHaveLength(2);
  expect(told.mock.calls).toEqual([['load balancer: no figures']]);
  told.mockRestore();
});
