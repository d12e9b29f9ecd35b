import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { MULTIPART_ABOVE_BYTES } from '../../cli/transcribe/upload-parts';
import type { ErrorBody } from '../../core/contract/values';
import type { JobView } from '../../core/contract/job';
import { KEY } from '../../core/contract/keys';
import type { ListJobsResponse, SubmitJobResponse } from '../../core/contract/api';
import { OUTPUT } from '../../core/contract/environment';
import { partSizes } from '../../lambda/api/upload-parts';
import { sampleWithSilence, sampleWords, words } from './audio';
import { Laptop, spotscribe } from './laptop';

describe('a recording that goes in parts', () => {
  let laptop: Laptop;
  let folder: string;
  let path: string;
  let audio: Buffer;
  beforeAll(async () => {
    laptop = await Laptop.start({}, 'Traditional');
    folder = mkdtempSync(join(tmpdir(), 'spotscribe-files-'));
    path = join(folder, 'long.wav');
    sampleWithSilence(path, MULTIPART_ABOVE_BYTES);
    audio = readFileSync(path);
  });
  afterAll(async () => {
    await laptop?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const submit = async (key: string) => {
    const request = { name: 'parts.wav', size: audio.length, multipart: true };
    const headers = { 'idempotency-key': key };
    return (await laptop.request<SubmitJobResponse>('POST', '/v1/jobs', request, headers)).body;
  };
  const complete = (id: string, parts: { number: number; etag: string }[]) =>
    laptop.request<JobView & ErrorBody>('POST', `/v1/jobs/${id}/upload`, { parts });
  const put = async (upload: SubmitJobResponse['multipart_upload'], number: number) => {
    const { url = '' } = upload?.parts[number - 1] ?? {};
    const start = (number - 1) * (upload?.part_size ?? 0);
    const body = audio.subarray(start, start + (partSizes(audio.length)[number - 1] ?? 0));
    const answer = await fetch(url, { method: 'PUT', body: new Uint8Array(body) });
    expect(answer.status).toBe(200);
    return { number, etag: answer.headers.get('etag') ?? '' };
  };
  const inStore = async (id: string) => {
    const Bucket = laptop.outputs[OUTPUT.mediaBucket];
    const { Body, ETag } = await laptop.s3.send(new GetObjectCommand({ Bucket, Key: KEY.input(id) }));
    return { etag: ETag, content: Buffer.from((await Body?.transformToByteArray()) ?? []) };
  };
  const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

  test('is transcribed, and is in the store as it is on the disk', async () => {
    await spotscribe(['transcribe', path, '--format', 'txt'], laptop.env);
    expect(words(readFileSync(join(folder, 'long.txt'), 'utf8'))).toEqual(sampleWords());
    const { body } = await laptop.request<ListJobsResponse>('GET', '/v1/jobs');
    expect(body.data).toMatchObject([{ status: 'succeeded', name: 'long.wav' }]);
    const { etag, content } = await inStore(body.data[0]?.id ?? '');
    // What S3 says of an object that was made of so many parts.
    expect(etag).toMatch(new RegExp(`-${partSizes(audio.length).length}"$`));
    expect(sha256(content)).toBe(sha256(audio));
  });

  test('is no job before all of its parts are there; those that are need not come again', async () => {
    const { id, multipart_upload: first } = await submit('resumed');
    const sent = [await put(first, 1), await put(first, 3)];
    const early = await complete(id, first?.parts.map(({ number }) => ({ number, etag: 'x' })) ?? []);
    expect(early.status).toBe(400);
    expect((await laptop.job(id)).status).toBe('awaiting_upload');

    const { id: again, multipart_upload: second } = await submit('resumed');
    expect(again).toBe(id);
    const there = second?.parts.flatMap(({ number, etag }) => (etag === undefined ? [] : { number, etag }));
    expect(there).toEqual(sent);
    const missing = second?.parts.filter(({ etag }) => etag === undefined) ?? [];
    const rest = await Promise.all(missing.slice(1).map(({ number }) => put(second, number)));
    const late = [...sent, ...rest, { number: missing[0]?.number ?? 0, etag: 'x' }];
    expect(await complete(id, late)).toMatchObject({ status: 409, body: { error: { code: 'not_ready' } } });

    const whole = [...sent, ...rest, await put(second, missing[0]?.number ?? 0)];
    expect(await complete(id, whole)).toMatchObject({ status: 200, body: { id } });
    expect(await complete(id, whole)).toMatchObject({ status: 200, body: { id } });
    expect(await laptop.ended(id)).toMatchObject({ status: 'succeeded' });
    expect(words((await laptop.transcript(id)).text)).toEqual(sampleWords());
  });

  test('leaves no parts behind when its job is cancelled', async () => {
    const { id, multipart_upload: upload } = await submit('cancelled');
    await put(upload, 1);
    const Bucket = laptop.outputs[OUTPUT.mediaBucket];
    const open = async () =>
      (await laptop.s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? [];
    expect(await open()).toMatchObject([{ Key: KEY.input(id) }]);
    await laptop.request('DELETE', `/v1/jobs/${id}`);
    expect(await open()).toEqual([]);
    expect(await complete(id, [{ number: 1, etag: 'x' }])).toMatchObject({
      status: 409,
      body: { error: { code: 'upload_expired' } },
    });
  });
});
