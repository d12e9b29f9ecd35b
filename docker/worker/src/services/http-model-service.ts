import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod/mini';
import { JobError } from '../../../../core/contract/values';
import { PERMANENT_CODES, type PermanentCode, type TaskName } from '../../../../core/contract/names';
import type { Task, TaskTypes } from '../../../../core/tasks/task';
import { SpotscribeError } from '../../../../core/contract/errors';
import { ModelServiceFailed } from '../errors';
import type { ModelService, ServiceState } from './model-service';
import { lines } from './ndjson';

export interface HttpModelServiceOptions {
  /**
   * Milliseconds of silence after which the service counts as stuck. While its model makes
   * progress, it sends an empty line every 2 s. Otherwise it reports that it is stuck, or exits.
   * Before the answer begins, it must only be healthy. @default 60000
   */
  silenceMs?: number;
  /**
   * Milliseconds without an event after which the request fails, even if the service makes
   * progress and the work is not paused. A window of a slow engine takes minutes. @default 1800000
   */
  stuckMs?: number;
  /** Time limit of a health check in milliseconds. @default 5000 */
  healthTimeoutMs?: number;
  /** Longest line in bytes: a transcript of ten hours has about 15 MB. @default 64 MiB */
  maxLineBytes?: number;
}

/** Longest error body that is read, in bytes. */
const MAX_ERROR_BYTES = 64 << 10;

/** Codes of the service that mean a fault of the shared folder, not of the caller. */
const OURS: PermanentCode[] = ['source_not_found', 'source_forbidden'];

/** Relevant part of a health answer. */
const health = z.object({
  status: z.optional(z.string()),
  error: z.optional(z.string().check(z.maxLength(2000))),
  queue: z.optional(
    z.object({
      idle_seconds: z.optional(z.number().check(z.nonnegative())),
      jobs_at_once: z.optional(z.int().check(z.positive())),
    }),
  ),
});

/** Relevant part of an error answer in OpenAI's format. */
const refusal = z.object({ error: JobError });

/** A request, and the shape of its events. */
interface Sent<E> {
  path: string;
  request: object;
  schema: z.ZodMiniType<E>;
}

interface FailedEvent {
  type: 'error';
  error: JobError;
}

const isFailed = (event: { type: string }): event is FailedEvent => event.type === 'error';

/**
 * A model service over HTTP. Uses the client of Node.js: no proxy, no redirects, no other timeouts.
 */
export class HttpModelService implements ModelService {
  constructor(
    readonly name: string,
    private readonly url: string,
    private readonly options: HttpModelServiceOptions = {},
  ) {}

  async state(): Promise<ServiceState> {
    const { healthTimeoutMs = 5_000 } = this.options;
    try {
      const answer = await this.send('GET', '/health', AbortSignal.timeout(healthTimeoutMs), healthTimeoutMs);
      const { status, error, queue } = health.safeParse(await shortJson(answer)).data ?? {};
      if (answer.statusCode === 200)
        return { state: 'ready', idleSeconds: queue?.idle_seconds, jobsAtOnce: queue?.jobs_at_once };
      const reason = `the ${this.name} service returned ${answer.statusCode}: ${error ?? status ?? 'no reason given'}`;
      return { state: status === 'failed' ? 'failed' : 'loading', reason };
    } catch (error) {
      return {
        state: 'absent',
        reason: `the ${this.name} service does not answer: ${(error as Error).message}`,
      };
    }
  }

  run<N extends TaskName>(
    { service: { path, event } }: Task<N>,
    request: TaskTypes[N]['request'],
    signal: AbortSignal,
    isPaused: () => boolean = () => false,
  ): AsyncGenerator<TaskTypes[N]['event']> {
    return this.events({ path, request, schema: event }, signal, isPaused);
  }

  private async *events<E extends { type: string } | FailedEvent>(
    { path, request, schema }: Sent<E>,
    caller: AbortSignal,
    isPaused: () => boolean,
  ): AsyncGenerator<E> {
    const { silenceMs = 60_000, stuckMs = 1_800_000, maxLineBytes = 64 << 20 } = this.options;
    caller.throwIfAborted();
    const stuck = new AbortController();
    const timer = setTimeout(() => {
      if (isPaused()) timer.refresh();
      else stuck.abort(new Error(`no event for ${stuckMs} ms`));
    }, stuckMs);
    const signal = AbortSignal.any([caller, stuck.signal]);
    try {
      const answer = await this.send('POST', path, signal, silenceMs, JSON.stringify(request));
      if (answer.statusCode !== 200) throw await this.refusal(answer);
      for await (const line of lines(answer, maxLineBytes)) {
        timer.refresh();
        const event = this.parse(line, schema);
        if (isFailed(event)) throw this.asError(event.error);
        // While the caller stores an event, nothing is read. That is not silence of the service.
        answer.setTimeout(0);
        yield event;
        answer.setTimeout(silenceMs);
        if (event.type === 'result') return;
      }
      throw new ModelServiceFailed(`The ${this.name} service ended its answer without a result`);
    } catch (error) {
      caller.throwIfAborted();
      if (error instanceof SpotscribeError) throw error;
      const { message } = stuck.signal.aborted ? (stuck.signal.reason as Error) : (error as Error);
      throw new ModelServiceFailed(`The ${this.name} service did not finish: ${message}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  private send(
    method: string,
    path: string,
    signal: AbortSignal,
    timeout: number,
    body?: string,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { accept: 'application/x-ndjson', ...(body && { 'content-type': 'application/json' }) };
      let answer: IncomingMessage | undefined;
      const call: ClientRequest = httpRequest(
        new URL(path, this.url),
        // A new connection: the service may have closed a kept one meanwhile.
        { method, headers, signal, timeout, agent: false },
        (response) => resolve((answer = response)),
      );
      const end = () => {
        const silence = new Error(`silent for ${timeout} ms`);
        // Destroy the answer first. Otherwise it ends without the reason.
        answer?.destroy(silence);
        call.destroy(silence);
      };
      call.on('timeout', () => {
        // The answer begins when the audio is decoded, which takes minutes for long audio.
        if (method === 'GET' || answer !== undefined) return end();
        void this.state().then(({ state }) => (state === 'ready' ? call.setTimeout(timeout) : end()));
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  private parse<E>(line: string, schema: z.ZodMiniType<E>): E {
    try {
      return schema.parse(JSON.parse(line));
    } catch (error) {
      // The line is left out, because it may contain speech.
      throw new ModelServiceFailed(`The ${this.name} service sent a line that is not a valid event`, {
        cause: error instanceof SyntaxError ? undefined : error,
      });
    }
  }

  private async refusal(answer: IncomingMessage): Promise<SpotscribeError> {
    const parsed = refusal.safeParse(await shortJson(answer));
    if (parsed.success) return this.asError(parsed.data.error);
    return new ModelServiceFailed(`The ${this.name} service returned ${answer.statusCode}`);
  }

  private asError({ code, message }: JobError): SpotscribeError {
    if ((OURS as string[]).includes(code))
      return new ModelServiceFailed(`The ${this.name} service cannot read the shared folder: ${message}`);
    const permanent = (PERMANENT_CODES as readonly string[]).includes(code);
    return permanent
      ? new SpotscribeError(code, message)
      : new ModelServiceFailed(`The ${this.name} service failed (${code}): ${message}`);
  }
}

async function shortJson(answer: IncomingMessage): Promise<unknown> {
  if (Number(answer.headers['content-length'] ?? 0) > MAX_ERROR_BYTES) {
    answer.destroy();
    return undefined;
  }
  let read = 0;
  answer.on('data', (chunk: Buffer) => {
    if ((read += chunk.length) > MAX_ERROR_BYTES) answer.destroy();
  });
  try {
    return JSON.parse(await text(answer));
  } catch {
    return undefined;
  }
}
