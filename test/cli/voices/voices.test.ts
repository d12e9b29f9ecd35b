import { join } from 'node:path';
import { recordingIn } from '../../../core/forms/data-url';
import { CreateVoiceRequest } from '../../../core/contract/voices';
import { FakeApi } from '../fake-api';
import { callCli, Folder } from '../run-cli';

let api: FakeApi;
let folder: Folder;
const VOICES = ['Ada', 'Grace'].map((name, index) => ({
  object: 'voice',
  id: `voice_${`${index}`.repeat(32)}`,
  name,
  consent: `${name} agreed by letter`,
  created_at: '2026-03-01T12:00:00.000Z',
}));
const run = (...options: string[]) => callCli(['voices', ...options], api.env);
const at = (name: string) => join(folder.path, name);
const answer = (route: string, body: object, status = 200) => {
  const bodies: string[] = [];
  api.routes.set(route, (text, response) => {
    bodies.push(text);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  return bodies;
};

beforeEach(async () => {
  api = await new FakeApi().start();
  folder = await Folder.with({ 'ada.wav': 'voice of Ada', 'talk.mp3': 'good morning' });
  answer('GET /v1/voices', { object: 'list', data: VOICES });
});
afterEach(async () => {
  await api.stop();
  await folder.remove();
});

test('add sends the recording with the name and the consent', async () => {
  const bodies = answer('POST /v1/voices', VOICES[0]!, 201);
  const { code, err } = await run('add', 'Ada', at('ada.wav'), '--consent', 'Ada agreed by letter');
  expect(code).toBe(0);
  expect(err).toContain(`Keeping the voice of Ada as ${VOICES[0]!.id}`);
  const sent = CreateVoiceRequest.parse(JSON.parse(bodies[0]!));
  expect(sent).toMatchObject({ name: 'Ada', consent: 'Ada agreed by letter' });
  expect(recordingIn(sent.audio)?.toString()).toBe('voice of Ada');
});

test('add requires the consent and a readable file', async () => {
  expect(await run('add', 'Ada', at('ada.wav'))).toMatchObject({
    code: 2,
    err: expect.stringMatching(/--consent/),
  });
  const gone = await run('add', 'Ada', at('gone.wav'), '--consent', 'yes');
  expect(gone).toMatchObject({ code: 1, err: expect.stringMatching(/Cannot read .*gone\.wav/) });
  expect(api.requests).toEqual([]);
});

test('add is not retried, and reports a name that is taken', async () => {
  const error = { message: 'The voice voice_1 has the name "Ada" already', code: 'invalid_request' };
  const bodies = answer('POST /v1/voices', { error }, 409);
  const refused = await run('add', 'Ada', at('ada.wav'), '--consent', 'yes');
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('has the name "Ada" already') });
  expect(bodies).toHaveLength(1);
});

test('list prints the voices with the consent', async () => {
  const { out } = await run('list');
  for (const { id, name, consent } of VOICES)
    expect(out).toMatch(new RegExp(`^${id} .* ${name} +${consent}$`, 'm'));
  expect(JSON.parse((await run('list', '--json')).out)).toEqual({ object: 'list', data: VOICES });
  answer('GET /v1/voices', { object: 'list', data: [] });
  expect(await run('list')).toMatchObject({ code: 0, out: '', err: expect.stringContaining('No voices') });
});

test.each(['Grace', VOICES[1]!.id])('erase finds a voice by name or id: %s', async (wanted) => {
  const deleted = { id: VOICES[1]!.id, object: 'voice', deleted: true };
  const bodies = answer(`DELETE /v1/voices/${VOICES[1]!.id}`, deleted);
  expect(await run('erase', wanted)).toMatchObject({
    code: 0,
    err: expect.stringContaining('Erased the voice of Grace'),
  });
  expect(JSON.parse((await run('erase', wanted, '--json')).out)).toEqual(deleted);
  expect(bodies).toHaveLength(2);
});

test('erase reports a voice that does not exist', async () => {
  const found = await run('erase', 'Mary');
  expect(found).toMatchObject({ code: 1, err: expect.stringContaining('There is no voice Mary') });
});

test('an unknown command is not taken for a list of voices that speak', async () => {
  expect(await run('remove', 'Ada')).toMatchObject({
    code: 2,
    err: expect.stringContaining("unknown command 'remove'"),
  });
});

describe('transcribe --voices', () => {
  const transcribe = (...options: string[]) => callCli(['transcribe', at('talk.mp3'), ...options], api.env);

  test.each<[string, unknown]>([
    ['all', 'all'],
    ['Ada, Grace Hopper,Ada', ['Ada', 'Grace Hopper']],
  ])('%s is sent as %j', async (list, voices) => {
    expect(await transcribe('--diarize', '--voices', list)).toMatchObject({ code: 0 });
    expect(api.submitted.map(({ options }) => options)).toEqual([{ diarize: true, voices }]);
  });

  test.each<[string[], RegExp]>([
    [['--voices', 'all'], /--voices requires --diarize/],
    [['--diarize', '--voices', 'Ada,,Grace'], /"all", or a list of 1 to 10 voices/],
    [['--diarize', '--voices', 'a,b,c,d,e,f,g,h,i,j,k'], /"all", or a list of 1 to 10 voices/],
    [['--diarize', '--voices', 'all', '--speaker', 'Ada'], /cannot be used with/],
  ])('%j is refused before anything is sent', async (options, message) => {
    expect(await transcribe(...options)).toMatchObject({ code: 2, err: expect.stringMatching(message) });
    expect(api.requests).toEqual([]);
  });
});
