import type { Analysis } from '../../core/contract/work/analysis';
import type {
  CompleteUploadRequest,
  RetryJobRequest,
  SubmitJobRequest,
  ListJobsResponse,
  SubmitJobResponse,
} from '../../core/contract/api';
import type { JobStatus, TranscriptFormat } from '../../core/contract/names';
import type { JobView } from '../../core/contract/job';
import type { UsageResponse } from '../../core/contract/usage';
import type { CreateVoiceRequest, ListVoicesResponse, VoiceView } from '../../core/contract/voices';
import type { WarmRequest, WarmView } from '../../core/contract/warm';
import { ApiError, UnauthorizedError, UnreachableError } from '../errors';
import { errorIn, JSON_TYPE, jobPath, jsonBody, voicePath } from './messages';
import { networkError, notSpotscribe } from './network-error';
import { parseRetryAfter, type Patience, Retryable, retrying } from './retry';
import { wholeFile } from './whole-file';

/** URL and key of a deployment's API. */
export interface Connection {
  /** Base URL, including the path of the stage if there is one. */
  url: string;
  key: string;
}

const OVERLOADED = [429, 500, 502, 503, 504];
const ANSWER_MS = 40_000;
/** Slowest rate at which a file may arrive: 100 kB/s. */
const SLOWEST_BYTES_PER_MS = 100;

/**
 * Client of the job API. Methods throw {@link ApiError} with the API's code, {@link
 * UnauthorizedError} or, when the time for retries is over, {@link UnreachableError}.
 */
export class ApiClient {
  constructor(
    readonly connection: Connection,
    private readonly patience: Patience,
  ) {}

  /** Creates a job, or returns the one created by an earlier request with the same key and body. */
  submit(job: SubmitJobRequest, idempotencyKey: string): Promise<SubmitJobResponse> {
    return this.json('POST', '/v1/jobs', {
      body: JSON.stringify(job),
      headers: { ...JSON_TYPE, 'idempotency-key': idempotencyKey },
    });
  }

  /** Completes a multipart upload. */
  completeUpload(id: string, parts: CompleteUploadRequest['parts']): Promise<JobView> {
    const request: CompleteUploadRequest = { parts };
    return this.json('POST', `${jobPath(id)}/upload`, jsonBody(request));
  }

  /** Queues a job again for the results that it lacks. */
  retry(id: string): Promise<JobView> {
    return this.json('POST', `${jobPath(id)}/retry`, jsonBody({ missing: true } satisfies RetryJobRequest));
  }

  job(id: string): Promise<JobView> {
    return this.json('GET', jobPath(id));
  }

  list(query: { limit?: number; status?: JobStatus; cursor?: string } = {}): Promise<ListJobsResponse> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) search.set(name, String(value));
    }
    return this.json('GET', `/v1/jobs?${search.toString()}`);
  }

  /**
   * Cancels an open job, or erases an ended one with its results. It is never retried: if the
   * answer was lost, a retry would erase the job that the first request cancelled.
   */
  delete(id: string): Promise<JobView | { id: string; object: 'job'; deleted: true }> {
    return this.json('DELETE', jobPath(id), {}, { ...this.patience, retryForMs: 0 });
  }

  async transcript(id: string, format: TranscriptFormat): Promise<Buffer> {
    return this.request('GET', `${jobPath(id)}/transcript?format=${format}`, {}, (answer) =>
      this.content(answer),
    );
  }

  /** The models of the deployment, as in OpenAI's API. */
  models(): Promise<{ data?: { id?: unknown }[] }> {
    return this.json('GET', '/v1/models');
  }

  /** Vectors of texts, as in OpenAI's API. */
  embeddings(request: object): Promise<object> {
    return this.json('POST', '/v1/embeddings', jsonBody(request));
  }

  /** Usage of the key today. */
  usage(): Promise<UsageResponse> {
    return this.json('GET', '/v1/usage');
  }

  /** Keeps machines running without work for a while (POST), shows what is set, or ends it. */
  warm(method: 'POST' | 'GET' | 'DELETE', request?: WarmRequest): Promise<WarmView> {
    return this.json(method, '/v1/fleet/warm', request && jsonBody(request));
  }

  analysis(id: string): Promise<Analysis> {
    return this.json('GET', `${jobPath(id)}/analysis`);
  }

  /** The list of the files of a result, by its name in the API. */
  fileList<V extends object>(id: string, result: string): Promise<V> {
    return this.json('GET', `${jobPath(id)}/${result}`);
  }

  /**
   * Downloads a file of a result.
   *
   * @param save writes the content. If the download fails, its source throws, and it is called again
   */
  saveFile(
    id: string,
    result: string,
    { name, bytes }: { name: string; bytes: number },
    save: (content: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<void> {
    const limitMs = ANSWER_MS + Math.ceil(bytes / SLOWEST_BYTES_PER_MS);
    return this.request(
      'GET',
      `${jobPath(id)}/${result}?file=${encodeURIComponent(name)}`,
      {},
      async (answer) => save(wholeFile(await this.stored(answer, limitMs), { name, bytes })),
    );
  }

  /** Speech of a text, as in OpenAI's API. */
  speech(request: object): Promise<{ content: Buffer; headers: Headers }> {
    return this.request('POST', '/v1/audio/speech', jsonBody(request), async (answer) => ({
      content: await this.content(answer),
      headers: answer.headers,
    }));
  }

  /** Keeps a voice. It is never retried: if the answer was lost, its name would be taken. */
  addVoice(voice: CreateVoiceRequest): Promise<VoiceView> {
    return this.json('POST', '/v1/voices', jsonBody(voice), { ...this.patience, retryForMs: 0 });
  }

  /** The voices of people that the tenant keeps. */
  voices(): Promise<ListVoicesResponse> {
    return this.json('GET', '/v1/voices');
  }

  /** Erases a voice. It is never retried: if the answer was lost, the voice would not be found. */
  eraseVoice(id: string): Promise<{ id: string; object: 'voice'; deleted: true }> {
    return this.json('DELETE', voicePath(id), {}, { ...this.patience, retryForMs: 0 });
  }

  /** The voices that speak. */
  speechVoices(): Promise<object> {
    return this.json('GET', '/v1/audio/voices');
  }

  /** The result of a task, by its name in the API, and its media type. */
  async result(id: string, name: string): Promise<{ content: Buffer; type: string }> {
    return this.request('GET', `${jobPath(id)}/${name}`, {}, async (answer) => {
      const type = answer.headers.get('content-type') ?? '';
      return { content: await this.content(answer), type };
    });
  }

  /** The body of an answer, or of the object in the store that it refers to. */
  private async content(answer: Response, limitMs?: number): Promise<Buffer> {
    return Buffer.from(await (await this.stored(answer, limitMs)).arrayBuffer());
  }

  /** The answer, or the object in the store that it refers to. */
  private async stored(answer: Response, limitMs?: number): Promise<Response> {
    const location = answer.headers.get('location');
    if (location === null) return answer;
    // The URL in the store carries its own authorization. The key must not be sent there.
    const stored = await fetch(location, { signal: this.signal(limitMs) });
    if (!stored.ok) throw new Retryable(new UnreachableError(`The object store returned ${stored.status}`));
    return stored;
  }

  private json<T>(method: string, path: string, init: RequestInit = {}, patience?: Patience): Promise<T> {
    return this.request(
      method,
      path,
      init,
      async (answer) => {
        const body: unknown = await answer.json().catch(() => undefined);
        if (typeof body !== 'object' || body === null) throw notSpotscribe(this.connection.url, answer);
        return body as T;
      },
      patience,
    );
  }

  private request<T>(
    method: string,
    path: string,
    init: RequestInit,
    read: (answer: Response) => Promise<T>,
    patience = this.patience,
  ): Promise<T> {
    const { url, key } = this.connection;
    return retrying(patience, async () => {
      try {
        const answer = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
          ...init,
          method,
          headers: { ...init.headers, authorization: `Bearer ${key}`, accept: '*/*' },
          redirect: 'manual',
          signal: this.signal(),
        });
        if (answer.status >= 400) throw await this.refusal(answer);
        return await read(answer);
      } catch (error) {
        throw networkError(error, url, this.patience.signal);
      }
    });
  }

  private async refusal(answer: Response): Promise<Error> {
    const text = await answer.text();
    const { error } = errorIn(text);
    if (answer.status === 401 || (answer.status === 403 && error?.code !== 'forbidden')) {
      return new UnauthorizedError(
        `${this.connection.url} does not accept the key (${answer.status}). Set a valid one with --key or ` +
          'SPOTSCRIBE_KEY. "spotscribe keys create" creates one',
      );
    }
    const refusal =
      error?.code === undefined ? undefined : new ApiError(answer.status, error.code, error.message);
    if (!OVERLOADED.includes(answer.status)) return refusal ?? notSpotscribe(this.connection.url, answer);
    const overload = new UnreachableError(
      `${this.connection.url} is overloaded: it returned ${answer.status}`,
    );
    return new Retryable(refusal ?? overload, parseRetryAfter(answer.headers.get('retry-after')));
  }

  private signal(limitMs = ANSWER_MS): AbortSignal {
    const limit = AbortSignal.timeout(limitMs);
    const { signal } = this.patience;
    return signal === undefined ? limit : AbortSignal.any([signal, limit]);
  }
}
