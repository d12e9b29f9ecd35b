import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type OpenAI from 'openai';
import { toFile } from 'openai';
import { JOB_HEADER } from '../../core/contract/http';
import { OUTPUT } from '../../core/contract/environment';
import { readDeployedMachine } from '../../local/machine/deployed-machine';
import { clientConfiguration } from '../../local/emulator';
import { beginning, otherwiseWritten, sampleWords, unheard, words } from './audio';
import { type Laptop, spotscribe, until } from './laptop';

const CALLERS = 2;
/** Of each caller between its requests. */
const PAUSE_MS = 400;
/** Each covers half a minute of waiting and the pause before the next. */
const RETRIES = 6;
const CLIP_SECONDS = 1;
/** What is said in it. */
const CLIP_WORDS = sampleWords().slice(0, 2);
/**
 * A machine processes jobs until its current requests are answered. Then its worker gets SIGTERM.
 * This many jobs take longer than the requests, so the worker still has jobs at that time.
 */
const JOBS = 6;
/** Enough time to answer the current requests on a busy computer. On EC2 it is 120 seconds. */
const NOTICE_SECONDS = 60;

/** A machine's task replaced, and a machine taken back, while callers keep asking the front door of a warm path. */
export function replacementTests(at: () => { laptop: Laptop; client: OpenAI }) {
  test('a deployment replaces the task under load: every request is answered, in place or by a job', async () => {
    const { laptop, client } = at();
    const before = whispers(laptop);
    const callers = new Callers(client);
    try {
      await callers.answeredInPlace();
      await deployChanged(laptop);
      await until('another task', 90, () => {
        const now = whispers(laptop);
        return Promise.resolve(now.length > 0 && !now.some((pid) => before.includes(pid)) ? true : undefined);
      });
      await callers.answeredInPlace();
    } finally {
      await callers.stop();
    }
    // The machine was alone, and without a task for a while.
    expect(callers.byJobs).not.toEqual([]);
    callers.expectAllHeard();
  });

  test('a spot notice drains: requests are answered, in place or by jobs, and jobs in hand go on elsewhere', async () => {
    const { laptop, client } = at();
    await until('one machine', 60, () => Promise.resolve(laptop.machines().length === 1 ? true : undefined));
    const [machine] = laptop.machines();
    const log = machine?.containers.find(({ name }) => name === 'worker')?.log ?? '';
    const jobs = await Promise.all(Array.from({ length: JOBS }, () => laptop.submit(unheard(1), 'speech')));
    await until('two jobs in hand', 60, async () => {
      const running = (await Promise.all(jobs.map((id) => laptop.job(id)))).filter(
        ({ status }) => status === 'running',
      );
      return running.length === 2 ? true : undefined;
    });
    const callers = new Callers(client);
    try {
      const folder = ['--state-dir', laptop.stateDir];
      await spotscribe(['local', 'interrupt', ...folder, '--seconds', String(NOTICE_SECONDS)], {});
      await until('the machine to be gone', NOTICE_SECONDS + 60, () =>
        Promise.resolve(laptop.machines().some(({ id }) => id === machine?.id) ? undefined : true),
      );
      // Given back by who was told to stop, not found again when a machine was silent for too long.
      expect(readFileSync(log, 'utf8')).toContain('"outcome":"released"');
      await callers.answeredInPlace();
    } finally {
      await callers.stop();
    }
    callers.expectAllHeard();
    for (const id of jobs) {
      expect(await laptop.ended(id, 300)).toMatchObject({ status: 'succeeded', degraded: [] });
      const heard = words((await laptop.transcript(id)).text);
      expect(heard.filter((word) => sampleWords().includes(word)).length).toBeGreaterThan(
        sampleWords().length * 0.9,
      );
    }
  });
}

/** Callers that keep asking with a short recording, each time written otherwise. */
class Callers {
  /** Texts of the answers in place. */
  readonly heard: string[] = [];
  /** Texts of the other answers, which are those of jobs. */
  readonly byJobs: string[] = [];
  private stopped = false;
  private readonly callers: Promise<void>;

  constructor(private readonly client: OpenAI) {
    this.callers = Promise.all(Array.from({ length: CALLERS }, () => this.keepAsking())).then(
      () => undefined,
    );
    // Whoever fails is heard of when all are stopped.
    this.callers.catch(() => undefined);
  }

  /** Waits for an answer in place to a request that is made from now on. */
  async answeredInPlace(): Promise<void> {
    // Of those under way now, each may be answered first.
    const enough = this.heard.length + CALLERS + 1;
    await until('an answer in place', 90, () =>
      Promise.resolve(this.heard.length >= enough ? true : undefined),
    );
  }

  /** @throws if a request had no transcript in the end */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.callers;
  }

  expectAllHeard(): void {
    for (const text of [...this.heard, ...this.byJobs]) expect(words(text)).toEqual(CLIP_WORDS);
  }

  private async keepAsking(): Promise<void> {
    const clip = beginning(CLIP_SECONDS);
    while (!this.stopped) {
      const file = await toFile(otherwiseWritten(clip), 'clip.flac');
      const { data, response } = await this.client.audio.transcriptions
        .create({ model: 'whisper-1', file }, { maxRetries: RETRIES })
        .withResponse();
      (response.headers.has(JOB_HEADER) ? this.byJobs : this.heard).push(data.text);
      await sleep(PAUSE_MS);
    }
  }
}

/** Processes of the whisper services that run. */
const whispers = (laptop: Laptop): number[] =>
  laptop
    .machines()
    .flatMap(({ containers }) => containers.filter(({ name, running }) => name === 'whisper' && running))
    .flatMap(({ pid }) => pid ?? []);

/** Changes the environment of all processes, as a deployment does. */
async function deployChanged(laptop: Laptop): Promise<void> {
  const endpoint = laptop.env.AWS_ENDPOINT_URL ?? '';
  const name = laptop.outputs[OUTPUT.machine] ?? '';
  const ssm = new SSMClient(clientConfiguration(endpoint));
  const { spec } = (await readDeployedMachine(ssm, name))!;
  const processes = spec.processes.map((process) => ({
    ...process,
    environment: { ...process.environment, DEPLOYED: 'again' },
  }));
  const Value = JSON.stringify({ ...spec, processes });
  await ssm.send(new PutParameterCommand({ Name: name, Value, Type: 'String', Overwrite: true }));
}
