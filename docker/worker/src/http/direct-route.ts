import { randomBytes } from 'node:crypto';
import { finished } from 'node:stream/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../../../../core/contract/names';
import type { HybridEvent, HybridResult } from '../../../../core/contract/work/hybrid';
import type { JobError } from '../../../../core/contract/values';
import type { AnalysisOptions, JobOptions } from '../../../../core/contract/work/options';
import { SHARED } from '../../../../core/contract/keys';
import { errorBody } from '../../../../core/contract/errors';
import { tasksFor } from '../../../../core/jobs/job-tasks';
import { TASKS } from '../../../../core/tasks';
import type { Input } from '../../../../core/tasks/task';
import { ENVELOPE_BYTES, InvalidField, readForm } from './direct-form';
import { asSpotscribeError, Crowded, ModelServiceFailed, Stopping } from '../errors';
import { Intake, type IntakeLimits } from './intake';
import { LINGER_MS, linger } from './linger';
import type { Log } from '../log';
import type { MachineTime } from '../jobs/machine-time';
import type { Services } from '../services/services';
import type { Receiver } from '../queue/receiver';
import type { Scratch } from '../jobs/scratch';
import { runSteps, type Step } from '../jobs/steps';

export interface DirectTools {
  services: Services;
  scratch: Scratch;
  receiver: () => Pick<Receiver, 'during'>;
  machineTime: MachineTime;
  /** Aborted when the worker stops. */
  stopping: AbortSignal;
  log: Log;
  maxUploadBytes: number;
  maxAudioSeconds: number;
  /**
   * Milliseconds without a byte read by the caller after which the connection is closed.
   * @default 60000
   */
  stallMs?: number;
  /** Maximum number of buffered bytes for a slow caller. @default 32 MiB */
  maxWaitingBytes?: number;
  /** Limits of uploads. @default - the total size of all concurrent requests */
  intake?: Partial<IntakeLimits>;
  /** Milliseconds for which the rest of a refused upload is read. @default 10000 */
  lingerMs?: number;
}

const NDJSON = 'application/x-ndjson';
/** Number of concurrent requests. Queued jobs use the same models. */
const MOST_INSIDE = 4;
const RETRY_SECONDS = 10;
/** Period of empty lines. Proxies close connections that are silent for a minute. */
const KEEP_ALIVE_MS = 15_000;

const STATUS: Partial<Record<ErrorCode, number>> = {
  invalid_request: 400,
  upload_too_large: 413,
  audio_too_long: 413,
  unsupported_media_type: 415,
  bad_audio: 422,
  model_not_found: 404,
  busy: 429,
};

type Emit = (event: HybridEvent) => void;

/**
 * `POST /hybrid`: audio in the request, transcript and analysis in the answer, as a stream of
 * events with `Accept: application/x-ndjson`, or as one document. The work is that of a queued job,
 * but without the queue: if the connection is lost, the result is lost.
 */
export class DirectRoute {
  private inside = 0;
  private readonly intake: Intake;

  constructor(private readonly tools: DirectTools) {
    const mostBytes = MOST_INSIDE * (tools.maxUploadBytes + ENVELOPE_BYTES);
    this.intake = new Intake({ mostBytes, ...tools.intake });
  }

  register(server: FastifyInstance): void {
    // The route reads bodies of all content types, so that it can refuse other types itself.
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const { lingerMs = LINGER_MS } = this.tools;
    server.addHook('onResponse', async ({ raw }) => linger(raw, lingerMs));
    server.post('/hybrid', (request, reply) => this.answer(request, reply));
  }

  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { stopping, maxUploadBytes, scratch } = this.tools;
    if (stopping.aborted) return refuse(reply, 503, 'busy', 'The worker is being stopped');
    const id = `job_${randomBytes(16).toString('hex')}`;
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort(new Error('The caller closed the connection')));
    const signal = AbortSignal.any([stopping, gone.signal]);
    try {
      // Check before the upload, to avoid a useless one, and after it, when the place is taken.
      this.checkPlaces();
      return await this.intake
        .admit(
          async (arrival) => readForm(request, await scratch.prepare(id), maxUploadBytes, arrival),
          (options) => this.inPlace(() => this.work(id, options, signal, request, reply)),
        )
        .finally(() => scratch.remove(id));
    } catch (error) {
      return this.refuse(reply, error);
    }
  }

  private checkPlaces(): void {
    if (this.inside >= MOST_INSIDE) throw new Crowded(`${this.inside} requests are being worked on`);
  }

  private async inPlace<T>(work: () => Promise<T>): Promise<T> {
    this.checkPlaces();
    this.inside++;
    try {
      return await this.tools.receiver().during(work);
    } finally {
      this.inside--;
    }
  }

  private async work(
    id: string,
    options: JobOptions,
    signal: AbortSignal,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<unknown> {
    const { stallMs = 60_000 } = this.tools;
    if (!(request.headers.accept ?? '').includes(NDJSON)) {
      const outcome = await this.runSteps(id, options, signal, () => undefined);
      reply.raw.setTimeout(stallMs);
      reply.send(outcome);
    } else await this.stream(id, options, signal, reply);
    // Buffered answers use memory: the request keeps its place until the answer is read or dropped.
    await finished(reply.raw).catch(() => undefined);
    return reply;
  }

  private async stream(
    id: string,
    options: JobOptions,
    signal: AbortSignal,
    reply: FastifyReply,
  ): Promise<void> {
    const { stallMs = 60_000, maxWaitingBytes = 32 << 20 } = this.tools;
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': NDJSON, 'cache-control': 'no-store' });
    // The models do not wait for slow callers: other requests need them, and an unread service
    // would appear stuck.
    reply.raw.setTimeout(stallMs);
    const emit: Emit = (event) => {
      if (reply.raw.writableLength > maxWaitingBytes) reply.raw.destroy();
      else reply.raw.write(`${JSON.stringify(event)}\n`);
    };
    const alive = setInterval(() => reply.raw.write('\n'), KEEP_ALIVE_MS);
    try {
      emit({ type: 'result', ...(await this.runSteps(id, options, signal, emit)) });
    } catch (error) {
      emit({ type: 'error', error: this.shown(error) });
    } finally {
      clearInterval(alive);
      reply.raw.end();
    }
  }

  private async runSteps(
    id: string,
    options: JobOptions,
    signal: AbortSignal,
    emit: Emit,
  ): Promise<HybridResult> {
    const { services, machineTime, maxAudioSeconds, scratch } = this.tools;
    const time = machineTime.open();
    const input: Input = { path: SHARED.input(id), maxSeconds: maxAudioSeconds };
    const use = (signal: AbortSignal) => ({ signal, begin: () => time.work() });
    const { transcription, analysis } = tasksFor(options, { transcription: {}, analysis: {} });
    const transcribe: Step<'transcription'> = {
      task: TASKS.transcription,
      run: (joint) =>
        services
          .for('transcription')
          .run(
            TASKS.transcription,
            TASKS.transcription.request(transcription ?? {}, input),
            use(joint),
            (event) => emit({ type: 'transcript', event }),
          ),
    };
    const analyze = (wanted: AnalysisOptions): Step<'analysis'> => ({
      task: TASKS.analysis,
      run: (joint) =>
        services
          .for('analysis')
          .run(TASKS.analysis, TASKS.analysis.request(wanted, input), use(joint), (event) =>
            emit({ type: 'analysis', event }),
          ),
    });
    try {
      const steps = [transcribe, ...(analysis === undefined ? [] : [analyze(analysis)])];
      const { results, degraded } = await runSteps(steps, signal);
      return { transcript: results.transcription, analysis: results.analysis, degraded };
    } finally {
      time.end();
      // Remove the audio before the answer, so that a slow reader does not keep it on the disk.
      await scratch.remove(id);
    }
  }

  private refuse(reply: FastifyReply, error: unknown): FastifyReply {
    const { code, message } = this.shown(error);
    const status = STATUS[code] ?? 503;
    if (status === 503 || status === 429) reply.header('retry-after', RETRY_SECONDS);
    return refuse(reply, status, code, message, error instanceof InvalidField ? error.param : undefined);
  }

  private shown(error: unknown): JobError {
    const known = asSpotscribeError(error);
    const expected = [Crowded, ModelServiceFailed, Stopping].some((each) => known instanceof each);
    if (!known.permanent && !expected) this.tools.log.error({ err: error }, 'a direct request failed');
    return { code: known.code, message: known.message };
  }
}

/** Sends an error in OpenAI's format. */
export function refuse(
  reply: FastifyReply,
  status: number,
  code: ErrorCode,
  message: string,
  param?: string,
): FastifyReply {
  return reply.code(status).send(errorBody(status, code, message, param));
}
