import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, json, text } from 'node:stream/consumers';
import type { Analysis } from '../../core/contract/work/analysis';
import { type CompleteUploadRequest, RetryJobRequest, type SubmitJobRequest } from '../../core/contract/api';
import type { EmbeddingView } from '../../core/contract/work/embedding';
import type { SpeechView } from '../../core/contract/work/speech';
import type { ErrorCode, TaskName, TranscriptFormat } from '../../core/contract/names';
import type { JobError } from '../../core/contract/values';
import type { JobView, Receipt } from '../../core/contract/job';
import type { Transcript } from '../../core/contract/work/transcript';
import { TASKS } from '../../core/tasks';
import { FORMAT } from '../../core/formats/formats';
import { partSize, partSizes } from '../../lambda/api/upload-parts';
import analysis from '../fixtures/contract/Analysis.json';

export const KEY = `sk-spotscribe-${'k'.repeat(43)}`;

export const receipt: Receipt = {
  audio_seconds: 60,
  queue_seconds: 1,
  processing_seconds: 4,
  real_time_factor: 15,
  machine_type: 'g4dn.xlarge',
  capacity: 'spot',
  price_per_hour: 0.2,
  price_source: 'a test',
  cost: 0.00022,
  cost_per_audio_minute: 0.00022,
};

interface Stored {
  view: JobView;
  audio?: Buffer;
  /** Size of a multipart upload in bytes. */
  partedSize?: number;
  /** Received parts, by number. */
  parts?: Map<number, Buffer>;
}

/** Answers a request instead of the API. Returns false to leave it to the API. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

/** The contract of the job API over HTTP, in memory. Each poll advances a job. */
export class FakeApi {
  /** Bodies of the requests for jobs. */
  readonly submitted: SubmitJobRequest[] = [];
  readonly jobs = new Map<string, Stored>();
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers'] }[] = [];
  /** Called in order. A fault that answers is removed. */
  readonly faults: Fault[] = [];
  /** Errors of jobs, by the text of the audio. */
  readonly failing = new Map<string, JobError>();
  /** Jobs stay queued while this is true. */
  held = false;
  /** Jobs are `running` once before they end. */
  stepwise = false;
  /** Jobs have an analysis. Their transcript is available one poll before the end. */
  understands = false;
  /** The analysis of all jobs. */
  /** Whether the model works for other jobs, so that running jobs wait for it. */
  busy = false;
  understanding: Analysis = analysis as Analysis;
  /** Called when an analysis starts. */
  onUnderstanding: () => Promise<void> | void = () => undefined;
  /** Transcripts are answered with a URL in the store. */
  redirect = false;
  /** Result of all embeddings. Its files have the names in `vectors`. */
  embedding: EmbeddingView | undefined;
  readonly vectors = new Map<string, string>();
  /** Result of all speeches. Its files are in `vectors`, too. */
  speech: SpeechView | undefined;
  /** Answers requests outside of `/v1/jobs`, by method and path. */
  readonly routes = new Map<string, (body: string, response: ServerResponse) => void>();
  /** Number of files of vectors that are still answered. Later requests get no answer. */
  vectorsLeft = Infinity;
  /** Tasks of the deployment. */
  tasks: JobView['tasks'] = { transcription: {} };
  /** Media types that the deployment takes. @default - all */
  mediaTypes: string[] | undefined;
  /** Receipt of jobs that succeed. */
  receipt = receipt;
  /** Number of transcripts that are still answered. Later requests get no answer. */
  transcriptsLeft = Infinity;
  /** Idempotency keys of submissions, with their body and job. */
  readonly submissions = new Map<string, { body: string; id: string }>();
  private server!: Server;

  async start(): Promise<this> {
    this.server = createServer((request, response) => {
      void this.answer(request, response).catch((error: Error) => response.destroy(error));
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** URL with the path of a stage, as execute-api URLs may have. */
  get url(): string {
    return `${this.origin}/stage`;
  }

  get env(): Record<string, string> {
    return { SPOTSCRIBE_URL: this.url, SPOTSCRIBE_KEY: KEY };
  }

  made(method: string, path: RegExp): number {
    return this.requests.filter((each) => each.method === method && path.test(each.path)).length;
  }

  private get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private async answer(request: IncomingMessage, response: ServerResponse) {
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, path: url, headers });
    const fault = this.faults.findIndex((each) => each(request, response));
    if (fault >= 0) return void this.faults.splice(fault, 1);
    const { pathname, searchParams } = new URL(url, this.origin);
    const [, , id] = pathname.split('/');
    const part = searchParams.get('part');
    if (pathname.startsWith('/store/')) return this.store(request, response, id ?? '', part);
    if (headers.authorization !== `Bearer ${KEY}`) return send(response, 401, { message: 'Unauthorized' });
    const route = pathname.replace(/^\/stage\/v1\/jobs\/?/, '').split('/');
    const other = this.routes.get(`${method} ${pathname.replace(/^\/stage/, '')}`);
    if (other !== undefined) return other(await text(request), response);
    if (!pathname.startsWith('/stage/v1/jobs')) return send(response, 404, { message: 'Not Found' });
    if (method === 'POST' && route[0] === '') return this.submit(request, response);
    if (route[0] === '') return this.list(response, searchParams);
    const job = this.jobs.get(route[0] ?? '');
    if (job === undefined) return refuse(response, 404, 'not_found', `There is no job "${route[0]}"`);
    if (method === 'DELETE') return this.remove(response, job);
    if (route[1] === 'upload') return this.completeUpload(request, response, job);
    if (route[1] === 'retry') return this.retry(request, response, job);
    if (route[1] === 'transcript') return this.transcript(response, job, searchParams);
    if (route[1] === 'analysis') return this.analysis(response, job);
    if (route[1] === 'embedding' || route[1] === 'speech')
      return this.filesOf(response, this[route[1]], searchParams.get('file'));
    if (route[1] === 'result')
      return void response.writeHead(200, { 'content-type': 'text/plain' }).end(job.audio);
    await this.advance(job);
    send(response, 200, job.view);
  }

  private async retry(request: IncomingMessage, response: ServerResponse, { view }: Stored) {
    RetryJobRequest.parse(JSON.parse(await text(request)));
    if (view.degraded.length === 0)
      return refuse(response, 409, 'invalid_request', `Job ${view.id} has all its results`);
    view.status = 'queued';
    view.degraded = [];
    send(response, 200, view);
  }

  private async submit(request: IncomingMessage, response: ServerResponse) {
    const body = await text(request);
    const key = String(request.headers['idempotency-key']);
    const { media_type } = JSON.parse(body) as SubmitJobRequest;
    if (media_type !== undefined && this.mediaTypes?.includes(media_type) === false)
      return refuse(
        response,
        415,
        'unsupported_media_type',
        `"media_type" must be another; got ${media_type}`,
      );
    this.submitted.push(JSON.parse(body) as SubmitJobRequest);
    const earlier = this.submissions.get(key);
    if (earlier !== undefined) {
      const job = this.jobs.get(earlier.id);
      if (job === undefined || earlier.body !== identity(body)) {
        return refuse(
          response,
          409,
          'idempotency_conflict',
          'This Idempotency-Key was already used with a different request',
        );
      }
      return send(response, 200, this.withUpload(job));
    }
    const {
      name = 'audio',
      options = {},
      tasks,
      size,
      multipart,
      priority = 'normal',
    } = JSON.parse(body) as SubmitJobRequest;
    const id = `job_${randomBytes(16).toString('hex')}`;
    const view: JobView = {
      id,
      object: 'job',
      priority,
      status: 'awaiting_upload',
      name,
      origin: 'api',
      options,
      tasks: tasks ?? this.tasks,
      results: {},
      created_at: new Date().toISOString(),
      progress: 0,
      stages: { transcript: 'waiting' },
      degraded: [],
    };
    const job = { view, partedSize: multipart === true ? size : undefined };
    this.jobs.set(id, job);
    this.submissions.set(key, { body: identity(body), id });
    send(response, 201, this.withUpload(job));
  }

  private withUpload({ view, partedSize, parts }: Stored) {
    if (view.status !== 'awaiting_upload') return view;
    const signature = randomBytes(4).toString('hex');
    const url = `${this.origin}/store/${view.id}?signature=${signature}`;
    const expires_at = '2030-01-01T00:00:00Z';
    if (partedSize === undefined) return { ...view, upload: { method: 'PUT', url, headers: {}, expires_at } };
    const addresses = partSizes(partedSize).map((_, index) => {
      const there = parts?.get(index + 1);
      return { number: index + 1, url: `${url}&part=${index + 1}`, etag: there && etagOf(there) };
    });
    const complete = `/v1/jobs/${view.id}/upload`;
    return {
      ...view,
      multipart_upload: { part_size: partSize(partedSize), parts: addresses, complete, expires_at },
    };
  }

  private async store(request: IncomingMessage, response: ServerResponse, id: string, part: string | null) {
    // Like S3: presigned URLs refuse other credentials, and the length must be known.
    if (request.headers.authorization !== undefined) return void response.writeHead(400).end();
    const vectors = this.vectors.get(id);
    if (request.method === 'GET' && vectors !== undefined) return void response.end(vectors);
    if (request.method === 'GET') return void response.end(FORMAT.json.render(transcriptOf('stored')));
    const audio = await buffer(request);
    if (request.headers['content-length'] !== String(audio.length)) return void response.writeHead(411).end();
    const job = this.jobs.get(id);
    if (job === undefined) return void response.writeHead(404).end();
    if (part === null) this.arrived(job, audio);
    else (job.parts ??= new Map()).set(Number(part), audio);
    response.writeHead(200, { etag: etagOf(audio) }).end();
  }

  private arrived(job: Stored, audio: Buffer) {
    job.audio = audio;
    if (job.view.status === 'awaiting_upload') job.view.status = 'queued';
  }

  private async completeUpload(request: IncomingMessage, response: ServerResponse, job: Stored) {
    const { parts } = (await json(request)) as CompleteUploadRequest;
    const sizes = partSizes(job.partedSize ?? 0);
    const wanted = sizes.map((size, index) => {
      const there = job.parts?.get(index + 1);
      return there?.length === size ? { number: index + 1, etag: etagOf(there) } : undefined;
    });
    if (wanted.includes(undefined)) return refuse(response, 409, 'not_ready', 'A part has not arrived');
    if (JSON.stringify(parts) !== JSON.stringify(wanted)) {
      return refuse(response, 400, 'invalid_request', `These are other parts: ${JSON.stringify(parts)}`);
    }
    this.arrived(job, Buffer.concat(wanted.flatMap((part) => job.parts?.get(part?.number ?? 0) ?? [])));
    send(response, 200, job.view);
  }

  private async advance({ view, audio }: Stored) {
    if (this.held || view.status === 'awaiting_upload') return;
    const analysis = this.understands && view.options.analysis !== false;
    if (view.status === 'queued' && (this.stepwise || analysis)) {
      const stages: JobView['stages'] = analysis
        ? { transcript: 'succeeded', analysis: this.busy ? 'waiting' : 'running' }
        : { ...view.stages, transcript: this.busy ? 'waiting' : 'running' };
      Object.assign(view, { status: 'running', progress: 0.5, stages });
    } else if (view.status === 'running' || view.status === 'queued') {
      if (analysis) await this.onUnderstanding();
      const error = this.failing.get(saidIn(audio));
      const stages: JobView['stages'] = analysis
        ? { transcript: 'succeeded', analysis: 'succeeded' }
        : view.stages;
      Object.assign(
        view,
        error
          ? { status: 'failed', error }
          : { status: 'succeeded', progress: 1, receipt: this.receipt, stages, results: resultsOf(view) },
      );
    }
  }

  private analysis(response: ServerResponse, { view }: Stored) {
    if (view.stages.analysis !== 'succeeded')
      return refuse(response, 409, 'not_ready', `Job ${view.id} has no analysis`);
    send(response, 200, this.understanding);
  }

  private filesOf(response: ServerResponse, view: object | undefined, file: string | null) {
    if (file === null) return send(response, 200, view);
    if (this.vectorsLeft-- <= 0) return;
    response.writeHead(302, { location: `${this.origin}/store/${file}` }).end();
  }

  private list(response: ServerResponse, query: URLSearchParams) {
    const all = [...this.jobs.values()].reverse().map(({ view }) => view);
    const start = Number(query.get('cursor') ?? 0);
    const end = start + Number(query.get('limit') ?? 20);
    const data = all.slice(start, end).filter(({ status }) => (query.get('status') ?? status) === status);
    send(response, 200, { object: 'list', data, next: end < all.length ? String(end) : undefined });
  }

  private transcript(response: ServerResponse, { view, audio }: Stored, query: URLSearchParams) {
    if (view.status !== 'succeeded' && view.stages.transcript !== 'succeeded')
      return refuse(response, 409, 'not_ready', `Job ${view.id} is ${view.status}`);
    if (this.transcriptsLeft-- <= 0) return;
    if (this.redirect) return void response.writeHead(302, { location: `${this.origin}/store/result` }).end();
    const { type, render } = FORMAT[query.get('format') as TranscriptFormat];
    response.writeHead(200, { 'content-type': type }).end(render(transcriptOf(saidIn(audio))));
  }

  private remove(response: ServerResponse, { view }: Stored) {
    if (['succeeded', 'failed', 'cancelled', 'expired'].includes(view.status)) {
      this.jobs.delete(view.id);
      return send(response, 200, { id: view.id, object: 'job', deleted: true });
    }
    view.status = 'cancelled';
    send(response, 200, view);
  }
}

/** Text of an audio: its bytes, or their SHA-256 in hex if there are many. */
const saidIn = (audio: Buffer = Buffer.alloc(0)) =>
  audio.length > 2 ** 20 ? createHash('sha256').update(audio).digest('hex') : audio.toString();

const etagOf = (content: Buffer) => `"${createHash('md5').update(content).digest('hex')}"`;

/** Paths of a job's results. */
const resultsOf = ({ id, tasks }: JobView): JobView['results'] =>
  Object.fromEntries(
    (Object.keys(tasks) as TaskName[]).map((name) => [name, `/v1/jobs/${id}/${TASKS[name].resultName}`]),
  );

/** Analysis of any audio. */
export const understood = analysis as Analysis;

/** A transcript with the bytes of the audio as text. */
export function transcriptOf(said: string): Transcript {
  const words = said.split(' ').map((word, index) => ({ word, start: index, end: index + 0.5 }));
  const segment = { id: 0, start: 0, end: words.length, text: said, words };
  const engine = { name: 'faster-whisper', model: 'tiny.en' } as const;
  return { version: 1, engine, language: 'en', duration: 60, text: said, segments: [segment], degraded: [] };
}

function send(response: ServerResponse, status: number, body: unknown) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number, code: ErrorCode, message: string) {
  send(response, status, { error: { message, type: 'invalid_request_error', param: null, code } });
}

/** What must be the same in a repeated request. */
const identity = (body: string) => JSON.stringify({ ...(JSON.parse(body) as object), priority: undefined });
