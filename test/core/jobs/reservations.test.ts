import type { JobRow, Receipt } from '../../../core/contract/job';
import { StaleAttempt } from '../../../core/contract/errors';
import { JobStore } from '../../../core/jobs/job-store';
import { LocalTable } from '../../support/local-table';
import { JOB_ID, NOW, row, TABLE } from '../../support/support';

const table = new LocalTable();
const KEY_ID = 'key_1';
const TOMORROW = new Date('2026-03-02T01:00:00.000Z');
let store: JobStore;

beforeAll(async () => {
  await table.start();
  store = new JobStore(table.client(), TABLE);
});
beforeEach(() => table.reset());
afterAll(() => table.stop());

/** A job of a key with 100 s a day. */
const job = (change: Partial<JobRow> = {}): JobRow =>
  row({
    status: 'awaiting_upload',
    tasks: { transcription: {} },
    key_id: KEY_ID,
    units_per_day: { audio_second: 100 },
    ...change,
  });

const arrival = (seconds: number) => ({
  ...{ version: 'v1', etag: '"e1"', size: 1000 },
  estimate: { audio_second: seconds },
  reservation: { audio_second: seconds },
});

const receipt = (seconds: number): Receipt => ({
  ...{ measures: { audio_second: seconds }, audio_seconds: seconds, queue_seconds: 1, processing_seconds: 2 },
  ...{ real_time_factor: 30, machine_type: 'g4dn.xlarge', capacity: 'spot', price_per_hour: null },
  ...{ price_source: 'test', cost: null, cost_per_audio_minute: null },
});

const result = (seconds: number) => ({ results: {}, receipt: receipt(seconds), degraded: [], stages: {} });
const used = async (day = NOW) => (await store.usage.used(KEY_ID, day)).audio_second ?? 0;

async function queued(seconds: number, change: Partial<JobRow> = {}): Promise<JobRow | undefined> {
  const made = job(change);
  await store.create(made);
  return store.queue(made, arrival(seconds), NOW);
}

async function claimed(seconds: number, change: Partial<JobRow> = {}): Promise<JobRow> {
  await queued(seconds, change);
  const claim = await store.claim(change.id ?? JOB_ID, 'm1', NOW.getTime() + 60_000, NOW);
  if (claim.outcome !== 'claimed') throw new Error(claim.outcome);
  return claim.row;
}

const error = { code: 'bad_audio', message: 'no' } as const;

describe('a job of a key with a quota', () => {
  test('reserves its estimate for the day when its input arrives', async () => {
    expect(await queued(60)).toMatchObject({
      status: 'queued',
      input_bytes: 1000,
      estimate: { audio_second: 60 },
      reserved: { day: '2026-03-01', measures: { audio_second: 60 } },
    });
    expect(await used()).toBe(60);
    expect(await store.get(JOB_ID)).toMatchObject({ status: 'queued', reserved: { day: '2026-03-01' } });
  });

  test('reserves once if its event is repeated', async () => {
    await queued(60);
    expect(await store.queue(job(), arrival(60), NOW)).toBeUndefined();
    expect(await used()).toBe(60);
  });

  test('may exceed what is left, and fails if nothing is left', async () => {
    await queued(99);
    expect(await queued(500, { id: 'job_2' })).toMatchObject({ status: 'queued' });
    const refused = await queued(1, { id: 'job_3' });
    expect(refused).toMatchObject({ status: 'failed', error: { code: 'quota_exceeded' } });
    expect(refused!.error!.message).toMatch(
      /quota of 1.7 minutes of audio per day is used up \(10 used\)\. It resets at 2026-03-02T00:00:00/,
    );
    expect([refused!.reserved, await used()]).toEqual([undefined, 599]);
  });

  test('fails if the key may use nothing', async () => {
    const none = { units_per_day: { audio_second: 0 } };
    expect(await queued(1, none)).toMatchObject({ status: 'failed', error: { code: 'quota_exceeded' } });
  });

  test('does not exceed the day by more than itself in a burst', async () => {
    const ids = Array.from({ length: 10 }, (_, at) => `job_${at}`);
    const rows = await Promise.all(ids.map((id) => queued(60, { id })));
    expect(rows.filter((each) => each?.status === 'queued')).toHaveLength(2);
    expect(await used()).toBe(120);
  });

  test('settles what it reserved when it is done, once', async () => {
    const held = await claimed(60);
    const done = await store.commit(held, result(45.5), NOW);
    expect([done.status, done.reserved, await used()]).toEqual(['succeeded', undefined, 45.5]);
    await expect(store.commit(held, result(45.5), NOW)).rejects.toThrow(StaleAttempt);
    expect(await used()).toBe(45.5);
  });

  test('settles on the day on which it reserved', async () => {
    await store.commit(await claimed(60), result(90), TOMORROW);
    expect([await used(), await used(TOMORROW)]).toEqual([90, 0]);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['its worker fails it', () => store.failHeld(JOB_ID, 1, error, NOW)],
    ['it is cancelled', () => store.cancel(JOB_ID, 'acme', NOW)],
    ['it is buried', () => store.fail(JOB_ID, error, new Date(NOW.getTime() + 120_000))],
  ])('gives back what it reserved if %s, once', async (_, end) => {
    await claimed(60);
    await queued(30, { id: 'job_2' });
    expect(await end()).not.toHaveProperty('reserved');
    expect(await used()).toBe(30);
    await end().catch(() => undefined);
    expect([await used(), (await store.get(JOB_ID))?.reserved]).toEqual([30, undefined]);
  });

  test('keeps its reservation while it goes back to the queue', async () => {
    const { id, attempt } = await claimed(60);
    expect(await store.release(id, attempt, NOW)).toMatchObject({ reserved: { day: '2026-03-01' } });
    expect(await used()).toBe(60);
  });

  test('gives back what it reserved if it is queued while it is cancelled', async () => {
    const made = job();
    await store.create(made);
    table.before = async (operation) => {
      if (operation !== 'UpdateItem') return;
      table.before = async () => undefined;
      await store.queue(made, arrival(60), NOW);
    };
    expect(await store.cancel(JOB_ID, 'acme', NOW)).toMatchObject({ status: 'cancelled' });
    expect(await used()).toBe(0);
  });

  test('expires without a reservation if nothing was uploaded', async () => {
    await store.create(job({ sweep_at: 0 }));
    expect(await store.expire(JOB_ID, { code: 'upload_expired', message: 'late' }, NOW)).toBeDefined();
    expect(await used()).toBe(0);
  });

  test('of another tenant is not cancelled, and nothing is given back', async () => {
    await queued(60);
    expect(await store.cancel(JOB_ID, 'other', NOW)).toBeUndefined();
    expect(await used()).toBe(60);
  });
});

test.each<[string, Partial<JobRow>]>([
  ['without a key', { key_id: undefined }],
  ['whose key has no limits', { units_per_day: undefined }],
  ['whose key has limits for other units', { units_per_day: { token: 1 } }],
  ['that was counted already', { counted: true }],
])('a job %s reserves nothing', async (_, change) => {
  const made = await queued(60, change);
  expect(made).toMatchObject({ status: 'queued', estimate: { audio_second: 60 } });
  expect([made!.reserved, await used()]).toEqual([undefined, 0]);
});

test('a counter that was deleted while something was reserved is not negative', async () => {
  const held = await claimed(60);
  table.remove(`usage#${KEY_ID}#2026-03-01`);
  await store.failHeld(held.id, held.attempt, error, NOW);
  expect(await used()).toBe(0);
});
