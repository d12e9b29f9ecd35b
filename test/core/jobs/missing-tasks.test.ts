import type { JobRow, Receipt } from '../../../core/contract/job';
import { UsedUp } from '../../../core/jobs/counted-rows';
import { JobStore } from '../../../core/jobs/job-store';
import { LocalTable } from '../../support/local-table';
import { ended, JOB_ID, NOW, NOW_SECONDS, TABLE } from '../../support/support';

const table = new LocalTable();
const LATER = new Date(NOW.getTime() + 3_600_000);
const KEY = { key_id: 'key_2', units_per_day: { audio_second: 100 } };
const TRANSCRIPT = { transcription: `jobs/${JOB_ID}/results/1/transcript.json` };
const BOTH = { ...TRANSCRIPT, analysis: `jobs/${JOB_ID}/results/2/analysis.json` };
const error = { code: 'source_not_found', message: 'The input is no longer in the bucket' } as const;
let store: JobStore;

const receipt: Receipt = {
  ...{ measures: { audio_second: 60 }, audio_seconds: 60, queue_seconds: 1, processing_seconds: 2 },
  ...{ real_time_factor: 30, machine_type: 'g4dn.xlarge', capacity: 'spot', price_per_hour: null },
  ...{ price_source: 'test', cost: null, cost_per_audio_minute: null },
};

/** A job with a transcript, without speakers and without its analysis. */
const degraded = (change: Partial<JobRow> = {}): JobRow =>
  ended('succeeded', {
    ...{ tasks: { transcription: { diarize: true }, analysis: {} }, results: TRANSCRIPT, receipt },
    ...{ attempt: 1, progress: 1, queued_at: NOW.toISOString(), started_at: NOW.toISOString() },
    stages: { transcript: 'succeeded', diarization: 'failed', analysis: 'failed' },
    degraded: [
      { stage: 'diarization', reason: 'no speakers' },
      { stage: 'analysis', reason: 'the GPU is full' },
    ],
    ...change,
  });

beforeAll(async () => {
  await table.start();
  store = new JobStore(table.client(), TABLE);
});
beforeEach(() => table.reset());
afterAll(() => table.stop());

async function retried(change: Partial<JobRow> = {}, key: Partial<typeof KEY> = KEY, seconds = 60) {
  const row = degraded(change);
  await store.create(row);
  return store.retry(row, key, { audio_second: seconds }, LATER);
}

async function claimed(change: Partial<JobRow> = {}, key: Partial<typeof KEY> = KEY): Promise<JobRow> {
  await retried(change, key);
  const claim = await store.claim(JOB_ID, 'm2', LATER.getTime() + 60_000, LATER);
  if (claim.outcome !== 'claimed') throw new Error(claim.outcome);
  return claim.row;
}

const used = async (key = 'key_2') => (await store.usage.used(key, LATER)).audio_second ?? 0;

describe('a job that is retried for its missing tasks', () => {
  test('is queued with the results, the receipt and the end of retention that it has', async () => {
    const before = degraded();
    const row = await retried();
    expect(row).toEqual(await store.get(JOB_ID));
    expect(row).toMatchObject({
      ...{ status: 'queued', open: 'open', attempt: 1, progress: 0.5, receipt, results: TRANSCRIPT },
      stages: { transcript: 'succeeded', diarization: 'failed', analysis: 'waiting' },
      degraded: [{ stage: 'diarization', reason: 'no speakers' }],
      ...{ queued_at: LATER.toISOString(), waits_from: LATER.getTime(), expires_at: before.expires_at },
      sweep_at: NOW_SECONDS + 3660,
    });
    expect(row).not.toHaveProperty('finished_at');
    expect(row).not.toHaveProperty('started_at');
  });

  test('is queued once by two requests', async () => {
    await retried();
    expect(await store.retry(degraded(), KEY, { audio_second: 60 }, LATER)).toBeUndefined();
    expect(await used()).toBe(60);
  });

  test('is not queued by a request that read it before another retry', async () => {
    await retried();
    await store.cancel(JOB_ID, 'acme', LATER);
    expect(await store.retry(degraded(), KEY, { audio_second: 60 }, LATER)).toBeUndefined();
    expect(await store.get(JOB_ID)).toMatchObject({ status: 'succeeded' });
  });

  test('is not queued if it was deleted', async () => {
    expect(await store.retry(degraded(), KEY, { audio_second: 60 }, LATER)).toBeUndefined();
    expect(await store.get(JOB_ID)).toBeUndefined();
  });
});

describe('the quota', () => {
  test('is that of the key that asks, also for a job that was counted or had another key', async () => {
    const row = await retried({ key_id: 'key_1', units_per_day: { audio_second: 5 }, counted: true });
    expect(row).toMatchObject({ ...KEY, reserved: { day: '2026-03-01', measures: { audio_second: 60 } } });
    expect(row).not.toHaveProperty('counted');
    expect([await used('key_1'), await used()]).toEqual([0, 60]);
  });

  test('has no limit if that key has none', async () => {
    const row = await retried({ units_per_day: { audio_second: 5 } }, { key_id: 'key_2' });
    expect(row).not.toHaveProperty('units_per_day');
    expect(row).not.toHaveProperty('reserved');
  });

  test('refuses the retry if it is used up, and the job stays as it is', async () => {
    const none = { ...KEY, units_per_day: { audio_second: 0 } };
    await expect(retried({}, none)).rejects.toThrow(UsedUp);
    expect(await store.get(JOB_ID)).toEqual(degraded());
  });

  test('counts only the new work', async () => {
    const row = await claimed({ key_id: 'key_2' });
    const result = { results: BOTH, receipt, degraded: [], stages: {} };
    const done = await store.commit(row, result, LATER, { audio_second: 45 });
    expect(done).toMatchObject({ status: 'succeeded', results: BOTH });
    expect([done.reserved, done.open, await used()]).toEqual([undefined, undefined, 45]);
  });

  test('is given back if the missing tasks fail again', async () => {
    const result = { results: TRANSCRIPT, receipt, degraded: [], stages: {} };
    await store.commit(await claimed(), result, LATER, {});
    expect(await used()).toBe(0);
  });
});

describe.each<[string, string, () => Promise<JobRow | undefined>]>([
  ['is cancelled', 'The retry was cancelled', () => store.cancel(JOB_ID, 'acme', LATER)],
  ['fails', error.message, () => store.failHeld(JOB_ID, 2, error, LATER)],
  ['is buried', error.message, () => store.fail(JOB_ID, error, new Date(LATER.getTime() + 120_000))],
])('a retry that %s', (_, reason, end) => {
  test('leaves the job as it was, with the reason', async () => {
    await claimed();
    const row = await end();
    expect(row).toEqual(await store.get(JOB_ID));
    expect(row).toMatchObject({
      ...{ status: 'succeeded', progress: 1, results: TRANSCRIPT, receipt },
      stages: { transcript: 'succeeded', diarization: 'failed', analysis: 'failed' },
      degraded: [
        { stage: 'diarization', reason: 'no speakers' },
        { stage: 'analysis', reason },
      ],
    });
    for (const gone of ['open', 'error', 'reserved', 'lease_until', 'waits_from', 'sweep_at'])
      expect(row).not.toHaveProperty(gone);
    expect(await used()).toBe(0);
  });

  test('leaves a job whose key has no quota as it was, too', async () => {
    await claimed({}, { key_id: 'key_2' });
    const row = await end();
    expect(row).toMatchObject({ status: 'succeeded', results: TRANSCRIPT });
    expect(row).not.toHaveProperty('error');
  });

  test('keeps a result that was published in the meantime', async () => {
    await claimed();
    const gets = () => table.operations.filter((operation) => operation === 'GetItem').length;
    const before = gets();
    // Between the read of the row and its end.
    table.after = async (operation) => {
      if (operation !== 'GetItem' || gets() > before + 1) return;
      table.after = async () => undefined;
      const now = new Date(LATER.getTime() + 1000);
      await store.publish(JOB_ID, 2, { results: BOTH, degraded: [] }, now);
    };
    expect(await end()).toMatchObject({ status: 'succeeded', results: BOTH, degraded: [] });
  });
});

test('a retry is cancelled only by its own tenant', async () => {
  await retried();
  expect(await store.cancel(JOB_ID, 'globex', LATER)).toBeUndefined();
  expect(await store.get(JOB_ID)).toMatchObject({ status: 'queued' });
});
