import { setTimeout as sleep } from 'node:timers/promises';
import { Health } from '../../../docker/worker/src/http/health';
import { createLog } from '../../../docker/worker/src/log';
import type { Delivery } from '../../../docker/worker/src/queue/queue';
import { Receiver } from '../../../docker/worker/src/queue/receiver';
import type { Scratch } from '../../../docker/worker/src/jobs/scratch';
import { until } from '../../until';

const log = createLog({ write: () => undefined });
const delivery = {} as Delivery;

let unready: string | undefined;
/** Number of health checks. */
let looks: number;
let freeBytes: number;
let health: Health;
let mayTakeEarly: boolean;
let receiver: Receiver;

beforeEach(() => {
  unready = undefined;
  looks = 0;
  freeBytes = 1000;
  mayTakeEarly = true;
  health = new Health([{ unready: async () => (looks++, unready), idleSeconds: async () => Infinity }], {
    free: async () => freeBytes,
  } as Scratch);
});
afterEach(() => receiver.drain());

function receive(
  next: (signal: AbortSignal) => Promise<Delivery | undefined>,
  handle: () => Promise<void> = async () => undefined,
) {
  const queue = { receive: (_: number, signal: AbortSignal) => next(signal) };
  receiver = new Receiver({
    queue,
    handle,
    health,
    log,
    services: 1,
    mayTakeEarly: (taken) => mayTakeEarly && taken < 2,
    waitSeconds: 0,
    unreadyMs: 5,
    failureMs: 5,
  });
  receiver.start();
}

const nothing = () => sleep(10).then(() => undefined);

describe('the receiver', () => {
  it('takes no message beside a job unless that is about to end', async () => {
    mayTakeEarly = false;
    let asked = 0;
    const ends: (() => void)[] = [];
    receive(
      async () => (++asked <= 3 ? delivery : nothing()),
      () => new Promise((resolve) => ends.push(resolve)),
    );
    await until(() => ends.length === 1, 'a job runs');
    const before = looks;
    await until(() => looks > before + 5, 'it has looked several times');
    expect(asked).toBe(1);
    mayTakeEarly = true;
    await until(() => ends.length === 2, 'the next job is taken');
    mayTakeEarly = false;
    ends[0]!();
    const then = looks;
    await until(() => looks > then + 5, 'it has looked several times again');
    // The job that was taken early now has the service.
    expect(asked).toBe(2);
    ends[1]!();
    await until(() => ends.length === 3, 'the next job is taken');
    ends[2]!();
  });

  it('asks for one message at a time while it has no job: two could be long ones', async () => {
    mayTakeEarly = false;
    let most = 0;
    let asking = 0;
    let asked = 0;
    receive(async () => {
      most = Math.max(most, ++asking);
      asked++;
      await sleep(2);
      asking--;
      return undefined;
    });
    await until(() => asked > 10, 'it has asked several times');
    expect(most).toBe(1);
  });

  it('holds no more messages than may be taken', async () => {
    let most = 0;
    let handled = 0;
    receive(
      async () => delivery,
      async () => {
        most = Math.max(most, receiver.busy);
        await sleep(5);
        handled++;
      },
    );
    await until(() => handled > 10, 'messages are handled');
    expect(most).toBe(2);
  });

  it('receives nothing while the model is not ready, and does not count this as idle time', async () => {
    unready = 'loading';
    let asked = 0;
    receive(() => (asked++, nothing()));
    await until(() => looks > 5 && health.unfitSeconds > 0, 'it has looked several times');
    expect(asked).toBe(0);
    expect(receiver.idleSeconds).toBe(0);
    expect(health.unfitSeconds).toBeGreaterThan(0);
    expect(health.reasons).toEqual(['loading']);
    unready = undefined;
    await until(() => asked > 0, 'messages are asked for');
    expect(health.unfitSeconds).toBe(0);
    expect(health.reasons).toEqual([]);
    await until(() => receiver.idleSeconds > 0, 'idle time counts');
  });

  it('receives nothing while the disk has no room for a job', async () => {
    let asked = 0;
    health.diskFull(5000);
    receive(() => (asked++, nothing()));
    await until(() => looks > 5 && health.reasons.length > 0, 'it has looked several times');
    expect(asked).toBe(0);
    expect(health.reasons).toEqual([expect.stringContaining('5000 bytes')]);
    freeBytes = 6000;
    await until(() => asked > 0, 'messages are asked for');
    expect(health.reasons).toEqual([]);
  });

  it('survives a queue that does not answer, and reports it', async () => {
    let down = true;
    receive(() => (down ? Promise.reject(new Error('ECONNREFUSED')) : nothing()));
    const complaint = 'the queue does not answer: ECONNREFUSED';
    await until(() => health.reasons.length === 1 && health.reasons[0] === complaint, 'unhealthy');
    down = false;
    await until(() => health.reasons.length === 0, 'healthy');
  });

  it('survives a message that could not be handled', async () => {
    let handled = 0;
    receive(
      async () => delivery,
      async () => {
        handled++;
        await sleep(1);
        throw new Error('no');
      },
    );
    await until(() => handled > 5, 'messages are handled');
    expect(receiver.busy).toBeLessThanOrEqual(2);
  });

  it('handles a message that arrives while it drains, and can start again', async () => {
    const answers: ((delivery?: Delivery) => void)[] = [];
    let end = () => undefined as void;
    let handling = false;
    receive(
      () => new Promise((resolve) => answers.push(resolve)),
      () => new Promise((resolve) => ((handling = true), (end = resolve))),
    );
    await until(() => answers.length === 1, 'it asks');
    let drained = false;
    const draining = receiver.drain().then(() => (drained = true));
    answers[0]!(delivery);
    await until(() => handling, 'the message is handled');
    await sleep(10);
    expect(drained).toBe(false);
    end();
    await draining;
    expect(answers.length).toBe(1);

    receiver.start();
    await until(() => answers.length === 2, 'it asks again');
    const ending = receiver.drain();
    answers[1]!();
    await ending;
  });
});
