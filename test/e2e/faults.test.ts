import { readFileSync } from 'node:fs';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { JobMessage, JobView } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import { OUTPUT } from '../../core/contract/environment';
import { versionsBelow } from '../../core/jobs/object-versions';
import { repeated, sample, sampleWords, words } from './audio';
import { Laptop, until } from './laptop';

/** Long enough to be interrupted in the middle, in several windows. */
const LONG_REPEATS = 12;

describe('what a job survives', () => {
  let laptop: Laptop;
  beforeAll(async () => {
    // A lost job is taken up again soon, and the machine stays between tests.
    laptop = await Laptop.start({ idleMinutes: '2', visibilitySeconds: '6' });
  });
  afterAll(() => laptop?.stop());

  const resultsOf = async (id: string) => {
    const Bucket = laptop.outputs[OUTPUT.mediaBucket];
    const { Contents = [] } = await laptop.s3.send(
      new ListObjectsV2Command({ Bucket, Prefix: `${KEY.job(id)}results/` }),
    );
    return Contents.map(({ Key = '' }) => Key);
  };

  /** Waits until some of the job is done, and not all. */
  const inTheMiddle = (id: string): Promise<JobView> =>
    until('progress', 90, async () => {
      const job = await laptop.job(id);
      if (job.status === 'succeeded') throw new Error('The job was done before it could be interrupted');
      return job.status === 'running' && job.progress > 0.1 ? job : undefined;
    });

  const checkpoint = (id: string) =>
    until('a checkpoint', 60, async () => {
      const Bucket = laptop.outputs[OUTPUT.mediaBucket];
      const { KeyCount = 0 } = await laptop.s3.send(
        new ListObjectsV2Command({ Bucket, Prefix: KEY.checkpoint(id) }),
      );
      return KeyCount > 0 ? true : undefined;
    });

  const expectWholeTranscript = async (id: string) => {
    const expected = Array.from({ length: LONG_REPEATS }, sampleWords).flat();
    const { text, segments, duration } = await laptop.transcript(id);
    const found = words(text);
    // The recogniser errs now and then where windows meet; a lost or doubled window would be a
    // twelfth of the words at least.
    expect(Math.abs(found.length - expected.length)).toBeLessThan(expected.length * 0.06);
    expect(segments.map((segment) => segment.id)).toEqual(segments.map((_, index) => index));
    for (const [index, { start, end }] of segments.entries()) {
      expect(start).toBeGreaterThanOrEqual(segments[index - 1]?.end ?? 0);
      expect(end).toBeLessThanOrEqual(duration + 0.1);
    }
  };

  test('a model service keeps no way to AWS, which its container is given as on ECS', async () => {
    await laptop.ended(await laptop.submit(sample()));
    const environment = async (name: string) =>
      readFileSync(`/proc/${await laptop.containerProcess(name)}/environ`, 'utf8').split('\0');
    const aws = /^(AWS|ECS)_/;
    const ofWorker = (await environment('worker')).filter((variable) => aws.test(variable));
    expect(ofWorker.join()).toContain('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/');
    const ofService = await environment('whisper');
    expect(ofService).toContain('WHISPER_ENGINE=faster-whisper');
    expect(ofService.filter((variable) => aws.test(variable))).toEqual([]);
  });

  test('a worker killed in the middle: another takes the job up, and there is one result', async () => {
    const id = await laptop.submit(repeated(LONG_REPEATS), 'killed.flac');
    await inTheMiddle(id);
    await checkpoint(id);
    const pid = await laptop.containerProcess('worker');
    process.kill(pid, 'SIGKILL');
    await until('another worker', 60, async () => {
      const now = laptop.machines()[0]?.containers.find(({ name }) => name === 'worker')?.pid;
      return now !== undefined && now !== pid ? true : undefined;
    });
    expect(await laptop.ended(id)).toMatchObject({ status: 'succeeded', progress: 1 });
    await expectWholeTranscript(id);
    expect(await resultsOf(id)).toEqual([KEY.result(id, 2, 'transcript')]);
    await until('an empty queue', 30, async () =>
      (await laptop.messages('queueUrl')) === 0 ? true : undefined,
    );
  });

  test('a worker told to stop in the middle: it gives the job back at once, and there is one result', async () => {
    const id = await laptop.submit(repeated(LONG_REPEATS), 'stopped.flac');
    const before = await inTheMiddle(id);
    const pid = await laptop.containerProcess('worker');
    process.kill(pid, 'SIGTERM');
    const back = await until('the job to be given back', 30, async () => {
      const job = await laptop.job(id);
      return job.status === 'queued' ? job : undefined;
    });
    expect(back.error).toBeUndefined();
    const job = await laptop.ended(id);
    expect(job).toMatchObject({ status: 'succeeded' });
    expect(job.progress).toBeGreaterThanOrEqual(before.progress);
    await expectWholeTranscript(id);
    expect(await resultsOf(id)).toEqual([KEY.result(id, 2, 'transcript')]);
  });

  test('the same message twice: one run, one result', async () => {
    const id = await laptop.submit(sample(), 'twice.flac');
    const message: JobMessage = { version: 1, job_id: id };
    await laptop.sqs.send(
      new SendMessageCommand({
        QueueUrl: laptop.outputs[OUTPUT.queueUrl],
        MessageBody: JSON.stringify(message),
      }),
    );
    expect(await laptop.ended(id)).toMatchObject({ status: 'succeeded' });
    await until('an empty queue', 30, async () =>
      (await laptop.messages('queueUrl')) === 0 ? true : undefined,
    );
    expect(await resultsOf(id)).toEqual([KEY.result(id, 1, 'transcript')]);
  });

  test('a poison message: it is buried and its job fails, while other jobs succeed', async () => {
    const { body } = await laptop.request<JobView>('POST', '/v1/jobs', { name: 'poisoned' });
    await laptop.sqs.send(
      new SendMessageCommand({
        QueueUrl: laptop.outputs[OUTPUT.queueUrl],
        MessageBody: JSON.stringify({ version: 99, job_id: body.id }),
      }),
    );
    const others = await Promise.all([laptop.submit(sample(), 'one'), laptop.submit(sample(), 'two')]);
    expect(await laptop.ended(body.id)).toMatchObject({
      status: 'failed',
      error: { code: 'attempts_exhausted', message: expect.stringContaining('5 attempts') },
    });
    for (const id of others) expect(await laptop.ended(id)).toMatchObject({ status: 'succeeded' });
    await until('empty queues', 60, async () => {
      const left = (await laptop.messages('queueUrl')) + (await laptop.messages('deadLetterQueueUrl'));
      return left === 0 ? true : undefined;
    });
  });

  test('a job cancelled in the middle: nothing of it stays', async () => {
    const id = await laptop.submit(repeated(LONG_REPEATS), 'cancelled.flac');
    await inTheMiddle(id);
    const { body } = await laptop.request<JobView>('DELETE', `/v1/jobs/${id}`);
    expect(body.status).toBe('cancelled');
    await until('the worker to give up', 40, async () =>
      (await laptop.messages('queueUrl')) === 0 ? true : undefined,
    );
    const Bucket = laptop.outputs[OUTPUT.mediaBucket];
    // Old versions of its checkpoints neither.
    for await (const page of versionsBelow(laptop.s3, Bucket ?? '', KEY.job(id))) expect(page).toEqual([]);
    expect(await laptop.job(id)).toMatchObject({ status: 'cancelled' });
  });
});
