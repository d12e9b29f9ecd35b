import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { KEY, voicesId } from '../../../core/contract/keys';
import { VOICE_LIMITS } from '../../../core/contract/limits';
import { ListVoicesResponse, VoiceView } from '../../../core/contract/voices';
import { JobStore } from '../../../core/jobs/job-store';
import { VoiceStore } from '../../../core/voices/voice-store';
import { httpHandler } from '../../../lambda/frame/http';
import { manageVoices } from '../../../lambda/voices/voices';
import { LocalTable } from '../../support/local-table';
import { ObjectServer } from '../../support/object-server';
import { bodyOf, errorOf, lambdaContext, request, silenceConsole, TABLE } from '../../support/support';

const table = new LocalTable();
const bucket = new ObjectServer();
const urlOf = (content: Buffer | string) =>
  `data:audio/wav;base64,${Buffer.from(content).toString('base64')}`;
const ADA = {
  name: 'Ada',
  consent: 'Ada agreed by letter on 1 March 2026',
  audio: urlOf('voice of Ada'),
};

beforeAll(() => Promise.all([table.start(), bucket.start()]));
afterAll(() => Promise.all([table.stop(), bucket.stop()]));
beforeEach(() => {
  silenceConsole();
  table.reset();
  bucket.objects.clear();
  bucket.putGate = async () => undefined;
});
afterEach(() => jest.restoreAllMocks());

const store = () => new VoiceStore(table.client(), TABLE);

function call(
  method: 'POST' | 'GET' | 'DELETE',
  {
    id,
    body,
    tenant,
    s3 = bucket.client(),
  }: {
    id?: string;
    body?: object;
    tenant?: string;
    s3?: ReturnType<ObjectServer['client']>;
  } = {},
) {
  const dependencies = {
    ...{ store: new JobStore(table.client(), TABLE), voices: store() },
    ...{ s3, bucket: 'media' },
  };
  const path = id === undefined ? '/v1/voices' : `/v1/voices/${id}`;
  const event = request({ path, id, body: body && JSON.stringify(body), tenant });
  event.requestContext.http = { ...event.requestContext.http, method };
  return httpHandler(() => dependencies, manageVoices)(event, lambdaContext);
}

const add = (change: object = {}, tenant?: string) => call('POST', { body: { ...ADA, ...change }, tenant });
const idOf = (response: Parameters<typeof bodyOf>[0]) => bodyOf<{ id: string }>(response).id;
const listed = async (tenant?: string) =>
  ListVoicesResponse.parse(bodyOf(await call('GET', { tenant }))).data.map(({ name }) => name);

describe('a voice', () => {
  test('is kept with its name and the consent, and is read again without its recording', async () => {
    const response = await add();
    expect(response).toMatchObject({
      statusCode: 201,
      headers: { location: `/v1/voices/${idOf(response)}` },
    });
    const view = VoiceView.parse(bodyOf(response));
    expect(view).toEqual({
      object: 'voice',
      id: expect.stringMatching(/^voice_[0-9a-f]{32}$/),
      name: 'Ada',
      consent: ADA.consent,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(bucket.objects.get(KEY.voice('acme', view.id))?.toString()).toBe('voice of Ada');
    expect(bodyOf(await call('GET', { id: view.id }))).toEqual(view);
    expect(bodyOf(await call('GET'))).toEqual({ object: 'list', data: [view] });
    expect(JSON.stringify(await store().list('acme'))).not.toContain('base64');
  });

  test('is erased with all versions of its recording, and is then not found', async () => {
    const id = idOf(await add());
    await add({ name: 'Grace' });
    expect(bodyOf(await call('DELETE', { id }))).toEqual({ id, object: 'voice', deleted: true });
    expect([...bucket.objects.keys()]).toHaveLength(1);
    expect([...bucket.objects.keys()]).not.toContain(KEY.voice('acme', id));
    expect(await listed()).toEqual(['Grace']);
    for (const method of ['GET', 'DELETE'] as const)
      expect((await call(method, { id })).statusCode).toBe(404);
    expect((await add()).statusCode).toBe(201);
  });

  test('is still listed if its recording could not be erased', async () => {
    const id = idOf(await add());
    const s3 = bucket.client();
    jest.spyOn(s3, 'send').mockRejectedValue(new Error('no') as never);
    expect((await call('DELETE', { id, s3 })).statusCode).toBe(500);
    expect(await listed()).toEqual(['Ada']);
    expect((await call('DELETE', { id })).statusCode).toBe(200);
    expect(bucket.objects.size).toBe(0);
  });

  test('is not listed if its recording could not be stored', async () => {
    const s3 = bucket.client();
    jest.spyOn(s3, 'send').mockRejectedValue(new Error('no') as never);
    expect((await call('POST', { body: ADA, s3 })).statusCode).toBe(500);
    expect(await listed()).toEqual([]);
    expect((await add()).statusCode).toBe(201);
  });

  test('that is erased while its recording is stored leaves no recording', async () => {
    bucket.putGate = async () => {
      const [voice] = await store().list('acme');
      await call('DELETE', { id: voice!.id });
    };
    await add();
    expect(await listed()).toEqual([]);
    expect(bucket.objects.size).toBe(0);
  });

  test('is one of its tenant: another one cannot see, erase or hinder it', async () => {
    const id = idOf(await add());
    expect(await listed('globex')).toEqual([]);
    for (const method of ['GET', 'DELETE'] as const) {
      const response = await call(method, { id, tenant: 'globex' });
      expect(response.statusCode).toBe(404);
      expect(errorOf(response).message).toBe(`There is no voice "${id}"`);
    }
    expect((await add({}, 'globex')).statusCode).toBe(201);
    expect(await listed()).toEqual(['Ada']);
  });

  test('is not among the jobs: its row has none of the keys of the indexes', async () => {
    await add();
    const { Item } = await table
      .client()
      .send(new GetCommand({ TableName: TABLE, Key: { id: voicesId('acme') } }));
    expect(Object.keys(Item!).sort()).toEqual(['id', 'revision', 'voices']);
  });
});

describe('of a tenant', () => {
  test('no two voices have the same name', async () => {
    const id = idOf(await add());
    const response = await add({ audio: urlOf('another voice') });
    expect(response.statusCode).toBe(409);
    expect(errorOf(response)).toMatchObject({
      param: 'name',
      message: expect.stringContaining(`erase it with DELETE /v1/voices/${id}, or send another name`),
    });
    expect(bucket.objects.size).toBe(1);
  });

  test('there are 50 voices at most', async () => {
    for (let number = 0; number < VOICE_LIMITS.voices; number++)
      await store().add('acme', { id: `voice_${number}`, name: `${number}`, consent: 'c', created_at: '' });
    const response = await add();
    expect(response.statusCode).toBe(409);
    expect(errorOf(response).message).toMatch(/There are 50 voices, and no more may be kept: erase one/);
    expect(bucket.objects.size).toBe(0);
  });

  test('concurrent voices are all kept, and one of two with the same name', async () => {
    const names = ['Ada', 'Grace', 'Mary', 'Ada'];
    const codes = (await Promise.all(names.map((name) => add({ name })))).map(({ statusCode }) => statusCode);
    expect(codes.sort()).toEqual([201, 201, 201, 409]);
    expect((await listed()).sort()).toEqual(['Ada', 'Grace', 'Mary']);
  });
});

describe('the request for a voice', () => {
  test.each<[string, object, number, string, RegExp]>([
    ['without consent', { consent: undefined }, 400, 'consent', /a voice is biometric data: say who agreed/],
    ['with empty consent', { consent: ' ' }, 400, 'consent', /a voice is biometric data/],
    ['with consent that is too long', { consent: 'x'.repeat(501) }, 400, 'consent', /at most 500/],
    ['without a name', { name: undefined }, 400, 'name', /expected string/],
    ['with an empty name', { name: ' ' }, 400, 'name', />=1/],
    ['with a name that is too long', { name: 'x'.repeat(101) }, 400, 'name', /at most 100/],
    ['without a recording', { audio: undefined }, 400, 'audio', /expected string/],
    ['with a URL to fetch', { audio: 'https://example.com/a.wav' }, 400, 'audio', /data URL/],
    ['with an unknown field', { colour: 'red' }, 400, 'colour', /Unrecognized/],
    ['with a long recording', { audio: urlOf(wav(31)) }, 413, 'audio', /at most 30 seconds; got 31/],
  ])('%s is refused, and nothing is stored', async (_, change, status, param, message) => {
    const response = await add(change);
    expect(response.statusCode).toBe(status);
    expect(errorOf(response)).toMatchObject({ param, message: expect.stringMatching(message) });
    expect(await listed()).toEqual([]);
    expect(bucket.objects.size).toBe(0);
  });

  test('may have a recording of 30 seconds', async () => {
    expect((await add({ audio: urlOf(wav(30)) })).statusCode).toBe(201);
  });

  test('is limited in size', async () => {
    const response = await add({ audio: urlOf('x'.repeat(3 << 20)) });
    expect(response.statusCode).toBe(413);
    expect(errorOf(response).message).toMatch(/Send a shorter recording/);
  });
});

/** Silence with 8 kHz and 8 bits. */
function wav(seconds: number): Buffer {
  const bytes = 8000 * seconds;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + bytes, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(8000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(bytes, 40);
  return Buffer.concat([head, Buffer.alloc(bytes, 128)]);
}
