import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { TranscribeRequest, type TranscribeEvent } from '../../core/contract/work/transcription';
import type { Segment } from '../../core/contract/work/transcript';
import { hear } from './recordings';

/**
 * A model service that hears the recordings of the run, in windows of one second. It reads them from
 * the folder that it shares with its worker, and continues where an earlier attempt ended.
 */
export class HearingService {
  /** Requests that continued the work of an earlier attempt. */
  resumed = 0;
  private readonly server: Server;

  private constructor(private readonly shared: string) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** @param shared folder with the recordings */
  static async start(shared: string): Promise<HearingService> {
    const service = new HearingService(shared);
    await new Promise<void>((resolve) => service.server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/health') {
      response.writeHead(200).end(JSON.stringify({ status: 'ok' }));
      return;
    }
    try {
      await this.transcribe(TranscribeRequest.parse(await json(request)), response);
    } catch (error) {
      // The worker has gone, or its recording with it.
      response.destroy(error as Error);
    }
  }

  private async transcribe(
    { path, start_at = 0, earlier = [] }: TranscribeRequest,
    response: ServerResponse,
  ): Promise<void> {
    const { sentences, paceMs } = hear(await readFile(join(this.shared, path)));
    const duration = sentences.length;
    const send = (event: TranscribeEvent) => response.write(`${JSON.stringify(event)}\n`);
    if (start_at > 0) this.resumed++;
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    send({ type: 'started', duration, engine: 'faults', model: 'faults', language: 'en' });
    const segments = [...earlier];
    for (const [second, text] of [...sentences.entries()].slice(start_at)) {
      await sleep(paceMs);
      if (response.destroyed) return;
      const segment = segmentOf(second, text, segments.length);
      segments.push(segment);
      send({ type: 'segment', segment });
      send({ type: 'window', end: second + 1, progress: (second + 1) / duration });
    }
    const text = segments.map((segment) => segment.text).join(' ');
    const engine = { name: 'faults', model: 'faults' };
    send({
      type: 'result',
      transcript: { version: 1, engine, language: 'en', duration, text, segments, degraded: [] },
    });
    response.end();
  }
}

const segmentOf = (start: number, text: string, id: number): Segment => ({
  ...{ id, start, end: start + 1, text },
  words: [{ word: text, start, end: start + 1 }],
});
