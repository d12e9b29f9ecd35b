import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
export { until } from '../until';
import type { Analysis, AnalyzeEvent, AnalyzeRequest } from '../../core/contract/work/analysis';
import type { Segment, Transcript } from '../../core/contract/work/transcript';
import type { CustomEvent, CustomRequest } from '../../core/contract/work/custom';
import type { EmbedEvent, EmbedRequest } from '../../core/contract/work/embedding';
import type { TranscribeEvent, TranscribeRequest } from '../../core/contract/work/transcription';

/** Behaviour of the service for a request. */
export type Script = (request: TranscribeRequest, answer: Answer) => Promise<void> | void;
export type AnalysisScript = (request: AnalyzeRequest, answer: Answer) => Promise<void> | void;
export type EmbedScript = (request: EmbedRequest, answer: Answer) => Promise<void> | void;
export type CustomScript = (request: CustomRequest, answer: Answer) => Promise<void> | void;

/** Answer of a model service, line by line. */
export class Answer {
  constructor(readonly response: ServerResponse) {}

  get gone(): boolean {
    return this.response.destroyed;
  }

  event(event: TranscribeEvent | AnalyzeEvent | EmbedEvent | CustomEvent): void {
    this.raw(`${JSON.stringify(event)}\n`);
  }

  raw(text: string | Buffer): void {
    if (!this.response.headersSent) this.response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    this.response.write(text);
  }

  refuse(status: number, body: unknown): void {
    this.response.writeHead(status, { 'content-type': 'application/json' });
    this.response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  breakOff(): void {
    this.response.destroy();
  }
}

/** An HTTP server that acts as a model service. */
export class ModelServer {
  readonly requests: TranscribeRequest[] = [];
  readonly analyses: AnalyzeRequest[] = [];
  readonly corpora: EmbedRequest[] = [];
  readonly runs: CustomRequest[] = [];
  /** Behaviour of an embeddings service. */
  embedder: EmbedScript = (_, answer) => answer.refuse(404, {});
  /** Behaviour of a user's own service. */
  custom: CustomScript = (_, answer) => answer.refuse(404, {});
  /** Maximum number of concurrent requests so far. */
  mostAtOnce = 0;
  /** Number of requests whose caller left before the end. */
  abandoned = 0;
  healthy = true;
  /** Idle seconds that `/health` reports. */
  idleSeconds: number | undefined;
  /** Jobs that it works on together, as `/health` reports. */
  jobsAtOnce: number | undefined;
  /** Reason why the model could not be loaded. */
  failure: string | undefined;
  private inside = 0;
  private readonly server: Server;

  private constructor(
    public script: Script,
    public analyst: AnalysisScript,
  ) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** @param port 0 for a free port */
  static async start(
    script: Script,
    analyst: AnalysisScript = understanding(60, 5),
    port = 0,
  ): Promise<ModelServer> {
    const service = new ModelServer(script, analyst);
    await new Promise<void>((resolve) => service.server.listen(port, '127.0.0.1', resolve));
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/health') {
      const status = this.failure === undefined ? 'loading' : 'failed';
      const body = this.healthy
        ? {
            status: 'ok',
            queue: { inside: this.inside, idle_seconds: this.idleSeconds, jobs_at_once: this.jobsAtOnce },
          }
        : { status, error: this.failure };
      response.writeHead(this.healthy ? 200 : 503).end(JSON.stringify(body));
      return;
    }
    const asked = (await json(request)) as TranscribeRequest & AnalyzeRequest & EmbedRequest & CustomRequest;
    const done = {
      '/analyze': this.analyses,
      '/embed': this.corpora,
      '/run': this.runs,
      '/transcribe': this.requests,
    };
    const path = request.url as keyof typeof done;
    (done[path] as unknown[]).push(asked);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.inside);
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      this.inside--;
      if (!response.writableFinished) this.abandoned++;
    };
    response.once('close', leave);
    const scripts = {
      '/analyze': this.analyst,
      '/embed': this.embedder,
      '/run': this.custom,
      '/transcribe': this.script,
    };
    await scripts[path](asked, new Answer(response));
    if (!response.destroyed) response.end();
  }
}

export const segmentAt = (start: number, id = 0): Segment => ({
  id,
  start,
  end: start + 1,
  text: `word ${start}`,
  words: [{ word: `word ${start}`, start, end: start + 1 }],
});

/** Share of the transcription in the progress, if diarization follows. */
const WORDS_SHARE = 0.6;

/**
 * A service that returns one segment for each ten seconds of audio, and takes `windowMs` for each
 * of these windows. With diarization, all segments have the same speaker.
 *
 * @param diarizing called before the speaker is found
 */
export function hearing(
  duration: number,
  windowMs: number,
  diarizing: (answer: Answer) => Promise<void> = () => sleep(windowMs),
): Script {
  return async ({ start_at = 0, earlier = [], diarize = false }, answer) => {
    answer.event({ type: 'started', duration, engine: 'faster-whisper', model: 'test' });
    const share = diarize ? WORDS_SHARE : 1;
    const segments: Segment[] = [...earlier];
    for (let start = start_at; start < duration; start += 10) {
      await sleep(windowMs);
      if (answer.gone) return;
      const segment = segmentAt(start, segments.length);
      segments.push(segment);
      answer.event({ type: 'segment', segment });
      const end = Math.min(start + 10, duration);
      answer.event({ type: 'window', end, progress: (end / duration) * share });
    }
    if (diarize) {
      answer.event({ type: 'stage', stage: 'diarization', state: 'running', progress: share });
      await diarizing(answer);
      if (answer.gone) return;
      answer.event({ type: 'stage', stage: 'diarization', state: 'succeeded', progress: 1 });
    }
    const whole = transcriptOf(segments, duration);
    answer.event({ type: 'result', transcript: diarize ? spokenBy('A', whole) : whole });
  };
}

/** A service that analyses windows of ten seconds in `windowMs` each, with one topic per window. */
export function understanding(duration: number, windowMs: number): AnalysisScript {
  return async (_, answer) => {
    answer.event({ type: 'started', duration, engine: 'voxtral', model: 'test' });
    for (let start = 0; start < duration; start += 10) {
      await sleep(windowMs);
      if (answer.gone) return;
      const end = Math.min(start + 10, duration);
      answer.event({ type: 'window', end, progress: end / duration });
    }
    answer.event({ type: 'result', analysis: analysisOf(duration) });
  };
}

/** An analysis of the transcript of {@link hearing}: one topic per ten seconds. */
export const analysisOf = (duration: number): Analysis => ({
  version: 1,
  engine: { name: 'voxtral', model: 'test' },
  duration,
  summary: 'Numbers are said.',
  topics: Array.from({ length: Math.ceil(duration / 10) }, (_, index) => ({
    title: `Number ${index * 10}`,
    evidence: [{ quote: `word ${index * 10}`, heard_from: index * 10, heard_to: index * 10 + 10 }],
  })),
  degraded: [],
});

export const transcriptOf = (segments: Segment[], duration: number): Transcript => ({
  version: 1,
  engine: { name: 'faster-whisper', model: 'test' },
  language: 'en',
  duration,
  text: segments.map(({ text }) => text).join(' '),
  segments,
  degraded: [],
});

const spokenBy = (speaker: string, transcript: Transcript): Transcript => {
  const turns = transcript.segments.map(({ start, end }) => ({ start, end, speaker }));
  return {
    ...transcript,
    segments: transcript.segments.map((segment) => ({ ...segment, speaker })),
    diarization: { model: 'test', speakers: [speaker], turns, raw_turns: turns, merges: [] },
  };
};
