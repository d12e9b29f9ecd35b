import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  type JobError,
  PERMANENT_CODES,
  type PermanentCode,
  type TranscribeEvent,
  type TranscribeRequest,
} from '../../../lambda/contract';
import { SpotscribeError } from '../../../lambda/errors';
import { ModelServiceFailed } from './errors';
import { errorBody, transcribeEvent } from './event-schemas';
import type { ModelService } from './model-service';
import { lines } from './ndjson';

export interface HttpModelServiceOptions {
  /**
   * Silence after which the service is taken for hung. Decoding ten hours of audio, and one window of a slow
   * engine, take minutes without a word. @default 600000
   */
  silenceMs?: number;
  /** @default 5000 */
  healthTimeoutMs?: number;
  /** Longest line: ten hours' words with their times are some 15 MB. @default 64 MiB */
  maxLineBytes?: number;
}

/** Longest error body that is read. */
const MAX_ERROR_BYTES = 64 << 10;

/** Codes that mean, from the service, that the shared folder is not what it should be: our fault, not the caller's. */
const OURS: PermanentCode[] = ['source_not_found', 'source_forbidden'];

/** A model service behind HTTP. Node's own client: no proxy, no redirects, and no timeouts but these. */
export class HttpModelService implements ModelService {
  constructor(
    private readonly url: string,
    private readonly options: HttpModelServiceOptions = {},
  ) {}

  async unready(): Promise<string | undefined> {
    const { healthTimeoutMs = 5_000 } = this.options;
    try {
      const answer = await this.send('GET', '/health', AbortSignal.timeout(healthTimeoutMs), healthTimeoutMs);
      answer.resume();
      return answer.statusCode === 200
        ? undefined
        : `the model service at ${this.url} answers ${answer.statusCode}`;
    } catch (error) {
      return `the model service at ${this.url} does not answer: ${(error as Error).message}`;
    }
  }

  async *transcribe(request: TranscribeRequest, signal: AbortSignal): AsyncGenerator<TranscribeEvent> {
    const { silenceMs = 600_000, maxLineBytes = 64 << 20 } = this.options;
    signal.throwIfAborted();
    try {
      const answer = await this.send('POST', '/transcribe', signal, silenceMs, JSON.stringify(request));
      if (answer.statusCode !== 200) throw await refusal(answer);
      for await (const line of lines(answer, maxLineBytes)) {
        const event = parse(line);
        if (event.type === 'error') throw asError(event.error);
        yield event;
        if (event.type === 'result') return;
      }
      throw new ModelServiceFailed('The model service ended its answer before the result');
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SpotscribeError) throw error;
      throw new ModelServiceFailed(`The model service broke off: ${(error as Error).message}`, {
        cause: error,
      });
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
        // A connection of its own: one that was kept may have been closed by the other side in the meantime.
        { method, headers, signal, timeout, agent: false },
        (response) => resolve((answer = response)),
      );
      call.on('timeout', () => {
        const silence = new Error(`silent for ${timeout} ms`);
        // First the answer, which would otherwise end without the reason.
        answer?.destroy(silence);
        call.destroy(silence);
      });
      call.on('error', reject);
      call.end(body);
    });
  }
}

function parse(line: string): TranscribeEvent {
  try {
    return transcribeEvent.parse(JSON.parse(line));
  } catch (error) {
    // Without the line: it may hold what was said.
    throw new ModelServiceFailed('The model service sent a line that is no event of the contract', {
      cause: error instanceof SyntaxError ? undefined : error,
    });
  }
}

async function refusal(answer: IncomingMessage): Promise<SpotscribeError> {
  const { statusCode } = answer;
  const parsed = errorBody.safeParse(await shortJson(answer));
  if (parsed.success) return asError(parsed.data.error);
  return new ModelServiceFailed(`The model service answers ${statusCode}`);
}

async function shortJson(answer: IncomingMessage): Promise<unknown> {
  if (Number(answer.headers['content-length'] ?? 0) > MAX_ERROR_BYTES) return undefined;
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

function asError({ code, message }: JobError): SpotscribeError {
  const ours = (OURS as string[]).includes(code);
  if (ours) return new ModelServiceFailed(`The model service cannot read the shared folder: ${message}`);
  const permanent = (PERMANENT_CODES as readonly string[]).includes(code);
  return permanent ? new SpotscribeError(code, message) : new ModelServiceFailed(`${code}: ${message}`);
}
