import type { Analysis } from '../../core/contract/analysis';
import type { CompleteUploadRequest, SubmitJobRequest } from '../../core/contract/requests';
import type { ListJobsResponse, SubmitJobResponse } from '../../core/contract/api';
import type { ErrorBody } from '../../core/contract/values';
import type { JobStatus, TranscriptFormat } from '../../core/contract/names';
import type { JobView } from '../../core/contract/job';
import type { UsageResponse } from '../../core/contract/usage';
import { ApiError, UnauthorizedError, UnreachableError } from '../errors';
import { networkError } from './network-error';
import { parseRetryAfter, type Patience, Retryable, retrying } from './retry';

/** A deployment's API and the key to it. */
export interface Connection {
  /** Base URL, with the stage's path if it has one. */
  url: string;
  key: string;
}

const OVERLOADED = [429, 500, 502, 503, 504];
const ANSWER_MS = 40_000;

/**
 * The job API. Methods throw {@link ApiError} with the API's own code, {@link UnauthorizedError} or, once patience
 * has run out, {@link UnreachableError}.
 */
export class ApiClient {
  constructor(
    readonly connection: Connection,
    private readonly patience: Patience,
  ) {}

  /** Makes a job, or finds the one that an earlier request with the same key and body made. */
  submit(job: SubmitJobRequest, idempotencyKey: string): Promise<SubmitJobResponse> {
    return this.json('POST', '/v1/jobs', {
      body: JSON.stringify(job),
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    });
  }

  /** Makes the parts of an upload one. */
  completeUpload(id: string, parts: CompleteUploadRequest['parts']): Promise<JobView> {
    const request: CompleteUploadRequest = { parts };
    return this.json('POST', `${jobPath(id)}/upload`, {
      body: JSON.stringify(request),
      headers: { 'content-type': 'application/json' },
    });
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
   * Cancels an open job; erases an ended one with its results. Made once: made again after a lost answer it would
   * erase the job that it cancelled.
   */
  delete(id: string): Promise<JobView | { id: string; object: 'job'; deleted: true }> {
    return this.json('DELETE', jobPath(id), {}, { ...this.patience, retryForMs: 0 });
  }

  async transcript(id: string, format: TranscriptFormat): Promise<Buffer> {
    return this.request('GET', `${jobPath(id)}/transcript?format=${format}`, {}, async (answer) => {
      const location = answer.headers.get('location');
      // The address in the store carries its own authorization: the key must not go there.
      const stored = location === null ? answer : await this.fetchStored(location);
      return Buffer.from(await stored.arrayBuffer());
    });
  }

  /** What the key has used today. */
  usage(): Promise<UsageResponse> {
    return this.json('GET', '/v1/usage');
  }

  analysis(id: string): Promise<Analysis> {
    return this.json('GET', `${jobPath(id)}/analysis`);
  }

  private async fetchStored(location: string): Promise<Response> {
    const answer = await fetch(location, { signal: this.signal() });
    if (!answer.ok) throw new Retryable(new UnreachableError(`The store answered ${answer.status}`));
    return answer;
  }

  private json<T>(method: string, path: string, init: RequestInit = {}, patience?: Patience): Promise<T> {
    return this.request(
      method,
      path,
      init,
      async (answer) => {
        const body: unknown = await answer.json().catch(() => undefined);
        if (typeof body !== 'object' || body === null) throw this.notOurs(answer);
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
    const { error } = parsed(text);
    if (answer.status === 401 || answer.status === 403) {
      return new UnauthorizedError(
        `${this.connection.url} does not accept the key (${answer.status}). Give a valid one with --key or ` +
          'SPOTSCRIBE_KEY; "spotscribe keys create" makes one',
      );
    }
    const refusal =
      error?.code === undefined ? undefined : new ApiError(answer.status, error.code, error.message);
    if (!OVERLOADED.includes(answer.status)) return refusal ?? this.notOurs(answer);
    const overload = new UnreachableError(
      `${this.connection.url} is overloaded: it answered ${answer.status}`,
    );
    return new Retryable(refusal ?? overload, parseRetryAfter(answer.headers.get('retry-after')));
  }

  private notOurs({ status }: Response): UnreachableError {
    return new UnreachableError(
      `${this.connection.url} answered ${status}, but not as a Spotscribe API does. ` +
        'Is the URL the stack\'s output "ApiUrl"?',
    );
  }

  private signal(): AbortSignal {
    const limit = AbortSignal.timeout(ANSWER_MS);
    const { signal } = this.patience;
    return signal === undefined ? limit : AbortSignal.any([signal, limit]);
  }
}

const jobPath = (id: string) => `/v1/jobs/${encodeURIComponent(id)}`;

function parsed(text: string): Partial<ErrorBody> {
  try {
    return (JSON.parse(text) as Partial<ErrorBody> | null) ?? {};
  } catch {
    return {};
  }
}
