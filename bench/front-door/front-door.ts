import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ApiClient } from '../../cli/api/client';
import { pause } from '../../cli/api/retry';
import { OUTPUT } from '../../core/contract/environment';
import type { LocalAws } from '../../local';
import type { BenchContext, Benchmark } from '../benchmark';
import { addEmptyHandler } from './empty-handler';
import {
  type Answer,
  answerOf,
  latencyFigures,
  type Load,
  loadFigures,
  type Rounds,
} from './front-door-figures';
import { onLocalAws } from '../on-local-aws';
import { lacksProc, resident } from './resident';

const ROUNDS = 100;
const REQUESTS = 1000;
/**
 * Number of requests after which memory must not grow. Until then one-time allocations occur: at
 * its first error the worker loads its source map, which needs about 50 MB.
 */
const WARM_UP_REQUESTS = 500;
const CONNECTIONS = 50;
const AUDIO_SECONDS = 1;
// The schedule starts the machine within a minute.
const START_MS = 180_000;
const PATH = 'FastApi';
const ROUTE = '/v1/audio/transcriptions';
const SAMPLE = join(__dirname, '..', '..', 'samples', 'good-morning.flac');
const SETTINGS = { warmMachines: '1', maxMachines: '1', idleMinutes: '60' };

/**
 * Latency that the API of a warm path adds to its whisper service, and the results under overload.
 */
export const frontDoor: Benchmark = {
  name: 'front-door',
  lacks: lacksProc,
  run: (context) =>
    onLocalAws(context, { machines: true, path: PATH, settings: SETTINGS }, async (aws, api) => {
      const door = await FrontDoor.open(aws, api, context);
      return [...latencyFigures(await door.latency()), ...loadFigures(await door.load())];
    }),
};

/** An endpoint that accepts recordings like OpenAI's API. */
interface Place {
  url: string;
  key?: string;
}

class FrontDoor {
  /** @returns when a machine is warm and each endpoint has answered */
  static async open(aws: LocalAws, api: ApiClient, context: BenchContext): Promise<FrontDoor> {
    const { key } = api.connection;
    const service = { url: `${await warmService(aws, context)}${ROUTE}` };
    const front = { url: `${aws.outputs[OUTPUT.apiUrl]}${ROUTE}`, key };
    const empty = { url: await addEmptyHandler(aws, `Spotscribe-${PATH}`), key };
    const clip = await record(join(context.folder, 'clip.flac'), context.signal);
    const { text } = (await (await post(service, clip, context.signal)).json()) as { text: string };
    if (text.trim() === '')
      throw new Error('The service recognized no words: the recording is useless for the benchmark');
    context.say(`warm; the service recognizes ${JSON.stringify(text)}`);
    return new FrontDoor(aws, api, { service, front, empty }, { clip, text }, context);
  }

  /** Recordings sent under load, all different. */
  private sent = 0;

  private constructor(
    private readonly aws: LocalAws,
    private readonly api: ApiClient,
    private readonly places: Record<keyof Rounds, Place>,
    private readonly recording: { clip: Blob; text: string },
    private readonly context: BenchContext,
  ) {}

  /** One request at a time, to each endpoint in turn, so that other load affects all of them. */
  async latency(): Promise<Rounds> {
    const rounds: Rounds = { service: [], front: [], empty: [] };
    const places = Object.entries(this.places) as [keyof Rounds, Place][];
    // The first round, with cold handlers, is not counted.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [name, place] of round % 2 === 0 ? places : places.toReversed()) {
        const began = performance.now();
        const answer = await post(place, this.recording.clip, this.context.signal);
        const body = await answer.text();
        const took = performance.now() - began;
        if (answer.status !== 200) throw new Error(`${place.url} answered ${answer.status}: ${body}`);
        if (round > 0) rounds[name].push(took);
      }
      if (round % 25 === 0) this.context.say(`round ${round}/${ROUNDS}`);
    }
    return rounds;
  }

  async load(): Promise<Load> {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const warmUp = await this.requests(WARM_UP_REQUESTS);
    let failedJobs = await this.failedJobs(warmUp);
    const before = this.held();
    const rest = await this.requests(REQUESTS - WARM_UP_REQUESTS);
    const answered = seconds();
    failedJobs += await this.failedJobs(rest);
    const after = this.held();
    return {
      answers: [...warmUp, ...rest],
      connections: CONNECTIONS,
      seconds: answered,
      failedJobs,
      secondsWithJobs: seconds(),
      held: Object.entries(before).map(([container, bytes]) => ({
        container,
        before: bytes,
        after: after[container] ?? NaN,
      })),
    };
  }

  /** Sends `count` requests, with as many in parallel as there are connections. */
  private async requests(count: number): Promise<Answer[]> {
    const answers: Answer[] = [];
    let begun = 0;
    const connection = async () => {
      while (begun++ < count) {
        const answer = await this.request();
        if (answer.kind === 'lost') this.context.say(`lost: ${answer.why}`);
        answers.push(answer);
        if (answers.length % 100 === 0) this.context.say(`${answers.length}/${count} answered`);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
    return answers;
  }

  private async request(): Promise<Answer> {
    try {
      const clip = await otherwiseWritten(this.recording.clip, ++this.sent);
      const answer = await post(this.places.front, clip, this.context.signal);
      return answerOf(
        answer.status,
        answer.headers.get('retry-after'),
        await answer.text(),
        this.recording.text,
      );
    } catch (error) {
      this.context.signal.throwIfAborted();
      return { kind: 'lost', why: String(error) };
    }
  }

  /** Waits for all jobs and counts those without a complete transcript. */
  private async failedJobs(answers: Answer[]): Promise<number> {
    let failed = 0;
    const ids = answers.flatMap((answer) => (answer.kind === 'job' ? [answer.id] : []));
    for (const [at, id] of ids.entries()) {
      let job = await this.api.job(id);
      for (; ['awaiting_upload', 'queued', 'running'].includes(job.status); job = await this.api.job(id))
        await pause(300, this.context.signal);
      if (job.status !== 'succeeded' || job.degraded.length > 0) {
        failed += 1;
        this.context.say(`job ${id}: ${JSON.stringify(job)}`);
      }
      if ((at + 1) % 100 === 0) this.context.say(`${at + 1}/${ids.length} jobs have ended`);
    }
    return failed;
  }

  private held(): Record<string, number> {
    const containers = this.aws.machines().flatMap((machine) => machine.containers);
    return Object.fromEntries(
      containers.flatMap(({ name, pid, running }) =>
        running && pid !== undefined ? [[name, resident(pid)] as const] : [],
      ),
    );
  }
}

const post = ({ url, key }: Place, clip: Blob, signal: AbortSignal): Promise<Response> => {
  const body = new FormData();
  // The laptop's model knows English only, and would report that it was not told the language.
  body.append('language', 'en');
  body.append('model', 'whisper-1');
  body.append('file', clip, 'clip.flac');
  // A request that cannot be answered in place becomes a job at once, so that the next one does not
  // wait.
  const headers: Record<string, string> =
    key === undefined ? {} : { authorization: `Bearer ${key}`, prefer: 'respond-async, wait=25' };
  return fetch(url, { method: 'POST', headers, body, signal });
};

/** URL of the machine's whisper service, after it has loaded its model. */
async function warmService(aws: LocalAws, { say, signal }: BenchContext): Promise<string> {
  say('starting a machine');
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; await pause(200, signal)) {
    const whisper = aws.machines()[0]?.containers.find(({ name }) => name === 'whisper');
    if (whisper?.port === undefined) continue;
    const url = `http://127.0.0.1:${whisper.port}`;
    const health = await fetch(`${url}/health`, { signal }).catch(() => undefined);
    if (health?.ok === true) return url;
  }
  throw new Error(`No machine was warm after ${START_MS / 1000} s: ${JSON.stringify(aws.machines())}`);
}

/** The same sound with different bytes, so that all requests differ: a FLAC header has padding. */
async function otherwiseWritten(flac: Blob, number: number): Promise<Blob> {
  const bytes = Buffer.from(await flac.arrayBuffer());
  for (let at = 4; ; at += 4 + bytes.readUIntBE(at + 1, 3)) {
    const kind = bytes.readUInt8(at);
    if ((kind & 0x7f) === 1) bytes.writeUInt32BE(number, at + 4);
    if (kind & 0x80) return new Blob([new Uint8Array(bytes)], { type: flac.type });
  }
}

/** The start of the sample. */
async function record(file: string, signal: AbortSignal): Promise<Blob> {
  const input = ['-i', SAMPLE, '-t', String(AUDIO_SECONDS)];
  await promisify(execFile)('ffmpeg', ['-nostdin', '-v', 'error', ...input, '-c:a', 'flac', file], {
    signal,
  });
  return new Blob([new Uint8Array(readFileSync(file))], { type: 'audio/flac' });
}
