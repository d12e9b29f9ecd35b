import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorBody } from '../../core/contract/values';
import { Laptop, root, spotscribe } from './laptop';

const TEXT = 'Sleep, sleep, beauty bright: dreaming o’er the joys of night. Sleep! Sleep! Beauty.';

/** The example, in a folder outside this package, with the packages that `npm install` would link there. */
function outside(folder: string): string {
  const app = join(folder, 'own-model');
  cpSync(join(root, 'examples/own-model'), app, { recursive: true });
  mkdirSync(join(app, 'node_modules'));
  symlinkSync(root, join(app, 'node_modules/spotscribe'));
  for (const name of ['tsx', 'aws-cdk-lib', 'constructs'])
    symlinkSync(join(root, 'node_modules', name), join(app, 'node_modules', name));
  return app;
}

describe('an app of a user with a service and a path of its own', () => {
  let laptop: Laptop;
  const folder = mkdtempSync(join(tmpdir(), 'spotscribe-own-'));
  const stateDir = join(folder, 'state');
  const note = join(folder, 'note.txt');
  const run = (...args: string[]) => spotscribe(['run', note, '--force', ...args], laptop.env);
  beforeAll(async () => {
    const app = outside(folder);
    writeFileSync(note, TEXT);
    await spotscribe(['local', 'up', '--app', app, '--path', 'Keywords', '--state-dir', stateDir], {});
    laptop = new Laptop(stateDir);
  });
  afterAll(async () => {
    await spotscribe(['local', 'down', '--state-dir', stateDir], {});
    rmSync(folder, { recursive: true, force: true });
  });

  test('takes a job of its own task to its result and its receipt', async () => {
    const { stdout } = await run('--task', 'custom={"words":2}', '--media-type', 'text/plain', '--json');
    expect(JSON.parse(readFileSync(join(folder, 'note.result.json'), 'utf8'))).toEqual({
      keywords: { sleep: 4, beauty: 2 },
    });
    const { job } = JSON.parse(stdout) as { job: { receipt: object } };
    expect(job).toMatchObject({
      tasks: { custom: { words: 2 } },
      stages: { custom: 'succeeded' },
      receipt: { measures: { character: TEXT.length }, audio_seconds: 0 },
    });
    const usage = await laptop.request<{ units: object }>('GET', '/v1/usage');
    expect(usage.body.units).toEqual({
      character: { limit: null, used: TEXT.length, remaining: null },
    });
  });

  test('fails a job whose input the service refuses, with its reason', async () => {
    const id = await laptop.submit(Buffer.from([0xff, 0xfe, 0x00]), 'audio', {});
    expect(await laptop.ended(id)).toMatchObject({
      status: 'failed',
      error: { code: 'invalid_request', message: 'The file is not UTF-8' },
    });
  });

  test.each([
    [{ tasks: { custom: { words: 0 } } }, 'tasks.custom.words'],
    [{ tasks: { custom: { colour: 'red' } } }, 'tasks.custom.colour'],
    [{ tasks: { transcription: {} } }, 'tasks.transcription'],
    [{ options: { diarize: true } }, 'options.diarize'],
  ])('refuses %j with the name', async (body, param) => {
    const answer = await laptop.request<ErrorBody>('POST', '/v1/jobs', body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      param,
      message: expect.stringContaining(`"${param}"`) as unknown,
    });
  });
});
