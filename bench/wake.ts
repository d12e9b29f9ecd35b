import { join } from 'node:path';
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { DisableRuleCommand, EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { ApiClient } from '../cli/api/client';
import { pause } from '../cli/api/retry';
import { OUTPUT } from '../core/contract/environment';
import { clientConfiguration } from '../local/emulator';
import type { LocalAws } from '../local';
import type { BenchContext, Benchmark } from './benchmark';
import { median } from './figure';
import { onLocalAws } from './on-local-aws';
import { submit } from './submit';

const JOBS = 9;
const TARGET_S = 2;
const LONGEST_MS = 30_000;
const SAMPLE = join(__dirname, '..', 'samples', 'good-morning.flac');

/**
 * Time from `POST /v1/jobs` with an empty fleet to a desired capacity of 1, with schedules
 * disabled.
 */
export const wake: Benchmark = {
  name: 'wake',
  run: (context) =>
    onLocalAws(context, { machines: false }, async (aws, api) => {
      const fleet = new Fleet(aws);
      await fleet.disableSchedules();
      const seconds: number[] = [];
      for (let i = 1; i <= JOBS; i++) {
        seconds.push(await wakeOnce(fleet, api, context));
        context.say(`wake ${i}/${JOBS}: ${seconds.at(-1)?.toFixed(2)} s`);
      }
      return [
        { name: 'wake: POST to desired capacity 1', value: median(seconds), unit: 's', target: TARGET_S },
        { name: 'wake: … the first, with cold handlers', value: seconds[0] ?? NaN, unit: 's' },
        { name: 'wake: … the slowest', value: Math.max(...seconds), unit: 's' },
      ];
    }),
};

async function wakeOnce(fleet: Fleet, api: ApiClient, { signal }: BenchContext): Promise<number> {
  if ((await fleet.desired()) !== 0) throw new Error('The fleet is not empty: nothing to measure');
  const start = performance.now();
  const id = await submit(api, SAMPLE, signal);
  while ((await fleet.desired()) === 0) {
    if (performance.now() - start > LONGEST_MS)
      throw new Error(`No machine was requested within ${LONGEST_MS / 1000} s`);
    await pause(20, signal);
  }
  const seconds = (performance.now() - start) / 1000;
  await api.delete(id);
  await fleet.empty();
  return seconds;
}

/** The path's fleet from the operator's view. */
class Fleet {
  private readonly autoScaling: AutoScalingClient;
  private readonly sqs: SQSClient;
  private readonly events: EventBridgeClient;

  constructor(private readonly aws: LocalAws) {
    const options = clientConfiguration(aws.endpoint);
    this.autoScaling = new AutoScalingClient(options);
    this.sqs = new SQSClient(options);
    this.events = new EventBridgeClient(options);
  }

  private get name(): string {
    return this.aws.outputs[OUTPUT.fleetName] ?? '';
  }

  async disableSchedules(): Promise<void> {
    const { Rules = [] } = await this.events.send(new ListRulesCommand());
    const scheduled = Rules.filter(({ ScheduleExpression }) => ScheduleExpression !== undefined);
    if (scheduled.length === 0) throw new Error('No rule has a schedule: the deployment is not as expected');
    for (const { Name } of scheduled) await this.events.send(new DisableRuleCommand({ Name }));
  }

  async desired(): Promise<number> {
    const { AutoScalingGroups } = await this.autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [this.name] }),
    );
    const desired = AutoScalingGroups?.[0]?.DesiredCapacity;
    if (desired === undefined) throw new Error(`There is no Auto Scaling group "${this.name}"`);
    return desired;
  }

  /** Also deletes the messages, which would start machines again. */
  async empty(): Promise<void> {
    await this.sqs.send(new PurgeQueueCommand({ QueueUrl: this.aws.outputs[OUTPUT.queueUrl] }));
    await this.autoScaling.send(
      new SetDesiredCapacityCommand({ AutoScalingGroupName: this.name, DesiredCapacity: 0 }),
    );
  }
}
