import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { KEY } from '../cli/fake-api';

interface Request {
  model: string;
  input: string[];
  encoding_format: string;
  truncate: boolean;
  instruction?: string;
}

/** OpenAI's API of embeddings with a deterministic model: texts with equal words have similar vectors. */
export class EmbeddingsServer {
  model = 'words';
  dimensions = 64;
  /** Requests for vectors, in order. */
  readonly requests: Request[] = [];
  /** Answers instead of the API. Removed when it has answered; returns false to leave a request to the API. */
  readonly faults: ((response: ServerResponse) => boolean)[] = [];
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

  get env(): Record<string, string> {
    const { port } = this.server.address() as AddressInfo;
    return { SPOTSCRIBE_URL: `http://127.0.0.1:${port}`, SPOTSCRIBE_KEY: KEY };
  }

  /** Texts of transcripts that were embedded, without questions. */
  get passages(): string[] {
    const questions = new Set(this.requests.filter(({ input }) => input.length === 1).slice(0, 1));
    return this.requests.filter((each) => !questions.has(each)).flatMap(({ input }) => input);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = request.method === 'POST' ? await json(request) : undefined;
    const fault = this.faults[0];
    if (fault?.(response) === true) {
      this.faults.shift();
      return;
    }
    response.setHeader('content-type', 'application/json');
    if (request.headers.authorization !== `Bearer ${KEY}`) {
      response.writeHead(401).end('{"error":{"code":"unauthorized","message":"No"}}');
    } else if (request.url === '/v1/models') {
      response.end(
        JSON.stringify({ object: 'list', data: [{ id: this.model }, { id: 'text-embedding-3-small' }] }),
      );
    } else if (request.url === '/v1/embeddings') {
      const asked = body as Request;
      this.requests.push(asked);
      const data = asked.input.map((text, index) => ({ index, embedding: this.embedding(text) }));
      response.end(JSON.stringify({ object: 'list', model: this.model, data: data.reverse() }));
    } else {
      response.writeHead(404).end('{"error":{"code":"not_found","message":"No such route"}}');
    }
  }

  /** Counts the words of a text in places that their letters choose. */
  private embedding(text: string): string {
    const vector = new Float32Array(this.dimensions).fill(0.01);
    for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
      let place = 0;
      for (const letter of word) place = (place * 31 + letter.codePointAt(0)!) % this.dimensions;
      vector[place]! += 1;
    }
    return Buffer.from(vector.buffer).toString('base64');
  }
}
