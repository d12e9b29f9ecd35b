import { ResumeProcessesCommand, SuspendProcessesCommand } from '@aws-sdk/client-auto-scaling';
import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { SIZING_ROW_ID } from '../../../core/contract/keys';
import { sizeFleet } from '../../../lambda/fleet/size-fleet';
import { SizingLock } from '../../../lambda/fleet/sizing-lock';
import { setSpotCapacity } from '../../../local/spot-capacity';
import { quietTools, silenceConsole } from '../../support/support';
import { EmulatedFleet, TABLE } from './emulated-fleet';

jest.setTimeout(120_000);
const MINUTE = 60_000;
const tools = quietTools();

let aws: EmulatedFleet;
beforeAll(async () => {
  silenceConsole();
  // One clock for all tests: rows of a later time would be in the future.
  jest.useFakeTimers({
    doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'setInterval', 'clearTimeout'],
  });
  aws = await EmulatedFleet.start();
});
afterAll(async () => {
  jest.useRealTimers();
  await aws?.stop();
});

/** Leaves the sizing to a run that is going on. */
const sizeOnce = () => sizeFleet({}, aws.dependencies(), tools);
const size = () => sized(sizeOnce);
const watch = (warm = 0) =>
  sized(() => sizeFleet({ watch: true }, aws.dependencies({ warm: { machines: warm } }), tools));
/** Repeats a run that left the sizing to another one. */
async function sized(run: () => ReturnType<typeof sizeFleet>) {
  for (;;) {
    const result = await run();
    if (result.desired !== undefined) return result;
  }
}
const pass = (ms: number) => jest.setSystemTime(Date.now() + ms);
const submit = () => aws.sqs.send(new SendMessageCommand({ QueueUrl: aws.queueUrl, MessageBody: 'x' }));

test('ends the machine without a worker three boots after it was seen, and none that works', async () => {
  await submit();
  await submit();
  await size();
  const { ids } = await aws.group();
  expect(ids).toHaveLength(2);
  await aws.sqs.send(new PurgeQueueCommand({ QueueUrl: aws.queueUrl }));
  const [working = '', dead] = ids;
  for (let minute = 0; minute < 45; minute += 3) {
    await aws.machines.beat(working, { idle_seconds: 0 }, Date.now());
    await watch();
    pass(3 * MINUTE);
  }
  expect((await aws.group()).ids).toEqual(ids);
  await aws.machines.beat(working, { idle_seconds: 0 }, Date.now());
  // The schedule may run twice, and jobs come in at the same time.
  const each = () => sizeFleet({ watch: true }, aws.dependencies(), tools);
  await Promise.all([each(), sizeOnce(), each(), each(), sizeOnce()]);
  expect(await aws.group()).toMatchObject({ desired: 1, ids: [working] });
  expect((await aws.machines.find([dead!])).get(dead!)?.ending_at).toBe(Date.now());
});

test('leaves a machine whose worker has come back, or is idle for a short time only', async () => {
  const [id = ''] = (await aws.group()).ids;
  for (let minute = 0; minute < 44; minute += 4) {
    await watch();
    pass(4 * MINUTE);
  }
  expect((await aws.machines.find([id])).get(id)?.silent_since).toBeDefined();
  await aws.machines.beat(id, { idle_seconds: 1_000 }, Date.now());
  expect((await aws.machines.find([id])).get(id)?.silent_since).toBeUndefined();
  pass(MINUTE);
  await watch();
  expect((await aws.group()).desired).toBe(1);
});

test('ends a machine that has been idle far too long, unless it works again after it was looked at', async () => {
  const [id = ''] = (await aws.group()).ids;
  await aws.machines.beat(id, { idle_seconds: 9_999 }, Date.now());
  const before = (await aws.machines.find([id])).get(id);
  pass(1);
  await aws.machines.beat(id, { idle_seconds: 0 }, Date.now());
  expect(await aws.machines.markEnding(id, before, Date.now())).toBe(false);
  pass(1);
  await aws.machines.beat(id, { idle_seconds: 9_999 }, Date.now());
  await size();
  expect((await aws.group()).desired).toBe(1);
  await watch(1);
  expect((await aws.group()).desired).toBe(1);
  await watch(0);
  expect(await aws.group()).toMatchObject({ desired: 0, ids: [] });
});

test('runs one sizing at a time, and once more for those that came meanwhile', async () => {
  let running = 0;
  let most = 0;
  let sizings = 0;
  const lock = new SizingLock(aws.documents, TABLE);
  const slow = async () => {
    most = Math.max(most, ++running);
    sizings++;
    await new Promise((resolve) => setTimeout(resolve, 300));
    running--;
    return sizings;
  };
  const results = await Promise.all(Array.from({ length: 20 }, () => lock.exclusive(slow)));
  expect(most).toBe(1);
  expect(sizings).toBeGreaterThanOrEqual(2);
  expect(sizings).toBeLessThan(20);
  expect(results.filter((result) => result !== undefined).length).toBeLessThan(20);
  // Nobody holds it now, also after a sizing that failed.
  await expect(lock.exclusive(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
  expect(await lock.exclusive(() => Promise.resolve('sized'))).toBe('sized');
});

test('sizes again after a run that was killed', async () => {
  const lock = new SizingLock(aws.documents, TABLE);
  let killed: Promise<unknown> | undefined;
  const held = new Promise<void>((taken) => {
    killed = lock.exclusive(() => {
      taken();
      return new Promise(() => undefined);
    });
  });
  await held;
  expect(killed).toBeDefined();
  expect(await lock.exclusive(() => Promise.resolve('sized'))).toBeUndefined();
  pass(31_000);
  expect(await lock.exclusive(() => Promise.resolve('sized'))).toBe('sized');
  await aws.documents.send(new DeleteCommand({ TableName: TABLE, Key: { id: SIZING_ROW_ID } }));
});

test('never lowers a number that a concurrent sizing has raised', async () => {
  for (let job = 0; job < 6; job++) {
    await submit();
    // What comes of the others is read in the end.
    void sizeOnce().catch(() => undefined);
    expect((await aws.group()).desired).toBeLessThanOrEqual(6);
  }
  await size();
  await watch();
  await watch();
  expect((await aws.group()).desired).toBe(6);
  await aws.sqs.send(new PurgeQueueCommand({ QueueUrl: aws.queueUrl }));
  expect(await watch()).toMatchObject({ desired: 6 });
});

test('suspends zone rebalancing, again after someone has resumed it, and nothing else', async () => {
  const AutoScalingGroupName = 'fleet';
  await size();
  expect((await aws.group()).suspended).toEqual(['AZRebalance']);
  await aws.autoScaling.send(new ResumeProcessesCommand({ AutoScalingGroupName }));
  expect((await aws.group()).suspended).toEqual([]);
  await aws.autoScaling.send(
    new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: ['Launch'] }),
  );
  await size();
  expect((await aws.group()).suspended).toEqual(['AZRebalance', 'Launch']);
});

test('keeps machines warm by the group’s minimum, also where there is no capacity at first', async () => {
  setSpotCapacity(aws.folder, false);
  await aws.autoScaling.send(
    new ResumeProcessesCommand({ AutoScalingGroupName: 'fleet', ScalingProcesses: ['Launch'] }),
  );
  await watch(7);
  expect(await aws.group()).toMatchObject({ desired: 7, bounds: [7, 8] });
  expect((await aws.group()).ids).toHaveLength(6);
  setSpotCapacity(aws.folder, true);
  expect((await aws.group()).ids).toHaveLength(7);
  await watch(0);
  expect(await aws.group()).toMatchObject({ desired: 7, bounds: [0, 8] });
  await sizeFleet({}, aws.dependencies({ maxMachines: 2 }), tools);
  expect(await aws.group()).toMatchObject({ desired: 7, bounds: [0, 7] });
  expect((await aws.group()).ids).toHaveLength(7);
});

test('keeps the machines of a request warm until it ends or is removed', async () => {
  const { warmRequests } = aws;
  expect(await warmRequests.find()).toBeUndefined();
  const until = Date.now() + 30 * MINUTE;
  await warmRequests.set(8, until);
  expect(await warmRequests.find()).toEqual({
    ...{ id: 'warm', machines: 8, until, expires_at: Math.ceil(until / 1000) },
  });
  await size();
  expect(await aws.group()).toMatchObject({ desired: 8, bounds: [8, 8] });
  await warmRequests.set(1, until);
  await size();
  expect((await aws.group()).bounds).toEqual([1, 8]);
  await warmRequests.remove();
  await size();
  expect(await aws.group()).toMatchObject({ desired: 8, bounds: [0, 8] });
});
