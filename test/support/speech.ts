import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type {
  SpeechSource,
  SpeechTotals,
  SynthesizeEvent,
  SynthesizeRequest,
} from '../../core/contract/work/speech';
import { LocalServer } from '../local-server';
import { Answer } from './model-server';

/** What {@link speaking} speaks with. */
export const SPOKEN: SpeechSource = {
  engine: { name: 'espeak-ng', model: 'en' },
  voice: 'default',
  language: 'en',
  sample_rate: 22050,
  plan: 'ab'.repeat(32),
};

/** Totals of this many sentences. */
export const spokenTotals = (sentences: number): SpeechTotals => ({
  sentences,
  characters: sentences * 20,
  seconds: sentences * 1.5,
});

/** Behaviour of a speech service for a request. */
export type SpeechScript = (request: SynthesizeRequest, answer: Answer) => Promise<void> | void;

export const says = (answer: Answer, event: SynthesizeEvent): void =>
  answer.raw(`${JSON.stringify(event)}\n`);
export const base64 = (content: string | Buffer): string => Buffer.from(content).toString('base64');

/** A part of two sentences. @param number from 1 */
export const partOf = (number: number, of: number): SynthesizeEvent => ({
  type: 'part',
  data: base64(`sentences ${number * 2 - 1} and ${number * 2}. `),
  totals: spokenTotals(number * 2),
  progress: number / of,
});

/** Sends a file in pieces of this many bytes. */
export function sendFile(answer: Answer, name: string, content: Buffer, pieceBytes = 10): void {
  for (let start = 0; start < content.length; start += pieceBytes)
    says(answer, { type: 'piece', name, data: base64(content.subarray(start, start + pieceBytes)) });
}

/**
 * Speaks a text in parts of two sentences. It continues after the parts of earlier attempts, which it
 * reads from the shared folder. The file of the result is all parts.
 */
export function speaking(
  parts: number,
  shared: () => string,
  onPart: (number: number, answer: Answer) => Promise<void> | void = () => undefined,
): SpeechScript {
  return async ({ earlier }, answer) => {
    says(answer, { type: 'started', ...SPOKEN });
    const done = (earlier?.parts ?? []).map((path) => readFileSync(join(shared(), path)));
    for (let number = done.length + 1; number <= parts; number++) {
      await onPart(number, answer);
      if (answer.gone) return;
      const part = partOf(number, parts);
      says(answer, part);
      if (part.type === 'part') done.push(Buffer.from(part.data, 'base64'));
    }
    const content = Buffer.concat(done);
    sendFile(answer, 'speech.mp3', content);
    says(answer, {
      ...{ type: 'result', ...SPOKEN, totals: spokenTotals(parts * 2), degraded: [] },
      chapters: [{ start: 0, end: parts * 3 }],
      files: [{ name: 'speech.mp3', bytes: content.length, seconds: parts * 3 }],
    });
  };
}

/** A speech service with the given behaviour. */
export class SpeechServer extends LocalServer {
  readonly requests: SynthesizeRequest[] = [];

  constructor(public script: SpeechScript) {
    super();
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/health') return void response.end('{"status":"ok"}');
    const asked = (await json(request)) as SynthesizeRequest;
    this.requests.push(asked);
    await this.script(asked, new Answer(response));
    if (!response.destroyed) response.end();
  }
}
