import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { OUTPUT } from '../../core/contract/environment';
import type { JobView } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import type { Checkpoint } from '../../core/contract/work/transcript';
import type { UsageResponse } from '../../core/contract/usage';
import { repeated, sample, sampleWords, words } from './audio';
import { until } from './laptop';
import { UpdatedAws } from './updated-aws';
import type { VersionMachine } from './version-machine';

/** Several windows, so that a checkpoint comes long before the end. */
const LONG_REPEATS = 6;

describe('an update in place from the previous version', () => {
  let aws: UpdatedAws;
  const jobs = { finished: '', running: '', waiting: '', queued: '', accepted: '' };
  /** The machine of the previous version that works while the stacks are updated. */
  let busy: VersionMachine;
  /** What the previous version tells. */
  let before: {
    outputs: Record<string, string>;
    ids: Record<string, string>;
    finished: JobView;
    transcript: object;
  };
  /** Seconds of audio in the sample. */
  let short: number;

  beforeAll(async () => {
    aws = await UpdatedAws.start();
    await aws.deployPrevious();
    await fillPrevious();
    before = {
      outputs: await aws.outputs(),
      ids: await aws.physicalIds(),
      finished: await aws.laptop.job(jobs.finished),
      transcript: await aws.laptop.transcript(jobs.finished),
    };
    short = before.finished.receipt?.audio_seconds ?? NaN;
    await aws.deployCurrent();
  });
  afterAll(() => aws?.stop());

  /** Leaves jobs of every kind. A machine works on one job at a time, and has a second one in hand. */
  async function fillPrevious() {
    const { laptop } = aws;
    busy = await aws.startMachine('busy', aws.previous);
    jobs.finished = await laptop.submit(sample(), 'finished.flac');
    await hasStatus(jobs.finished, 'succeeded');
    jobs.running = await laptop.submit(repeated(LONG_REPEATS), 'running.flac');
    await hasStatus(jobs.running, 'running');
    jobs.waiting = await laptop.submit(sample(), 'waiting.flac');
    await hasStatus(jobs.waiting, 'running');
    await until('a checkpoint', 60, async () => {
      if ((await laptop.job(jobs.running)).status !== 'running')
        throw new Error('The job was done before it could be interrupted');
      return checkpoint(jobs.running);
    });
    busy.hold();
    jobs.queued = await laptop.submit(sample(), 'queued.flac');
    await hasStatus(jobs.queued, 'queued');
    expect(await statuses()).toEqual(['succeeded', 'running', 'running', 'queued']);
  }

  const hasStatus = (id: string, wanted: JobView['status']) =>
    until(`the job to be ${wanted}`, 60, async () =>
      (await aws.laptop.job(id)).status === wanted ? true : undefined,
    );
  const statuses = async () => {
    const { finished, running, waiting, queued } = jobs;
    const views = await Promise.all([finished, running, waiting, queued].map((id) => aws.laptop.job(id)));
    return views.map(({ status }) => status);
  };
  const used = async () => (await aws.laptop.request<UsageResponse>('GET', '/v1/usage')).body.used_seconds;

  /** Keys of objects in a job's folder. */
  const objectsOf = async (id: string, below: string) => {
    const Bucket = aws.laptop.outputs[OUTPUT.mediaBucket];
    const list = new ListObjectsV2Command({ Bucket, Prefix: KEY.job(id) + below });
    return ((await aws.laptop.s3.send(list)).Contents ?? []).map(({ Key = '' }) => Key);
  };
  /** The only checkpoint of a job, by whatever name. */
  const checkpoint = async (id: string): Promise<Checkpoint | undefined> => {
    const Bucket = aws.laptop.outputs[OUTPUT.mediaBucket];
    const [Key] = await objectsOf(id, 'checkpoint');
    if (Key === undefined) return undefined;
    const { Body } = await aws.laptop.s3.send(new GetObjectCommand({ Bucket, Key }));
    return JSON.parse((await Body?.transformToString()) ?? '') as Checkpoint;
  };

  test('keeps every table, bucket and queue, and the API’s address', async () => {
    const { keysTable, jobsTable, mediaBucket } = OUTPUT;
    for (const name of [keysTable, jobsTable, mediaBucket])
      expect(Object.values(before.ids)).toContain(before.outputs[name]);
    expect(await aws.physicalIds()).toMatchObject(before.ids);
    expect(await aws.outputs()).toMatchObject({
      ...before.outputs,
      [OUTPUT.taskDefinition]: expect.stringContaining(':task-definition/') as unknown,
    });
  });

  test('keeps the key with its usage, and every job as it was', async () => {
    expect(await statuses()).toEqual(['succeeded', 'running', 'running', 'queued']);
    expect(await aws.laptop.job(jobs.finished)).toMatchObject(before.finished);
    expect(await aws.laptop.transcript(jobs.finished)).toMatchObject(before.transcript);
    expect(await used()).toBeCloseTo(short);
  });

  test('new workers go on from an old one’s checkpoint, and do what it has left', async () => {
    await busy.drain();
    expect(await statuses()).toEqual(['succeeded', 'queued', 'queued', 'queued']);
    const { end, segments } = (await checkpoint(jobs.running))!;
    expect(end).toBeGreaterThan(0);

    const updated = await aws.startMachine('updated', aws.current);
    for (const id of [jobs.running, jobs.waiting, jobs.queued])
      expect(await aws.laptop.ended(id)).toMatchObject({ status: 'succeeded', progress: 1, degraded: [] });
    for (const id of [jobs.running, jobs.waiting])
      expect(await aws.attempts(id)).toEqual([
        { machine: 'busy', attempt: 1, outcome: 'released' },
        { machine: 'updated', attempt: 2, outcome: 'succeeded' },
      ]);
    expect(await aws.attempts(jobs.queued)).toEqual([
      { machine: 'updated', attempt: 1, outcome: 'succeeded' },
    ]);

    const whole = await aws.laptop.transcript(jobs.running);
    expect(whole.segments.slice(0, segments.length)).toEqual(segments);
    const expected = sampleWords().length * LONG_REPEATS;
    // The recogniser errs now and then where windows meet.
    expect(Math.abs(words(whole.text).length - expected)).toBeLessThan(expected * 0.06);
    // What the old worker had heard is not heard again.
    expect(await updated.heardSeconds()).toBeCloseTo(whole.duration - end + 2 * short, 0);
    expect(await objectsOf(jobs.running, '')).toEqual([
      KEY.input(jobs.running),
      KEY.result(jobs.running, 2, 'transcript'),
    ]);
  });

  test('an old worker finishes a job that the new handlers have accepted', async () => {
    await aws.startMachine('late', aws.previous);
    jobs.accepted = await aws.laptop.submit(sample(), 'accepted.flac');
    expect(await aws.laptop.ended(jobs.accepted)).toMatchObject({ status: 'succeeded', degraded: [] });
    expect(await aws.attempts(jobs.accepted)).toEqual([
      { machine: 'late', attempt: 1, outcome: 'succeeded' },
    ]);
    // The previous version writes a number as a word.
    const heard = words((await aws.laptop.transcript(jobs.accepted)).text);
    expect(heard.filter((word) => sampleWords().includes(word))).toHaveLength(sampleWords().length - 1);
  });

  test('counts the audio of every job once, whichever version has worked on it', async () => {
    const views = await Promise.all(Object.values(jobs).map((id) => aws.laptop.job(id)));
    const seconds = views.map(({ receipt }) => receipt?.audio_seconds ?? NaN);
    expect(seconds.map((each) => Math.round(each / short)).sort()).toEqual([1, 1, 1, 1, LONG_REPEATS]);
    const sum = seconds.reduce((one, other) => one + other);
    expect(await used()).toBeCloseTo(sum, 1);
    await until('empty queues', 30, async () => {
      const queues = ['queueUrl', 'deadLetterQueueUrl'] as const;
      const left = await Promise.all(queues.map((queue) => aws.laptop.messages(queue)));
      return left.every((messages) => messages === 0) ? true : undefined;
    });
  });
});
