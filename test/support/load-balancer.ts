import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { LocalServer } from '../local-server';

/** A request to the load balancer. */
export interface Came {
  method?: string;
  url?: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** A real HTTP server that replaces the load balancer and returns the given answers. */
export class LoadBalancer extends LocalServer {
  readonly came: Came[] = [];
  /** Requests whose caller disconnected before the answer. */
  left = 0;
  private listener: RequestListener = (_, response) => response.end();

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('close', () => (this.left += response.writableFinished ? 0 : 1));
    request.on('error', () => undefined);
    const { method, url, headers } = request;
    this.came.push({ method, url, headers, body: await buffer(request) });
    this.listener(request, response);
  }

  /** Forgets all requests, and answers with this function from now on. */
  does(listener: RequestListener): void {
    this.came.length = 0;
    this.left = 0;
    this.listener = listener;
  }

  answers(status: number, type: string, body: string | Buffer, headers: Record<string, string> = {}): void {
    this.does((_, response) => response.writeHead(status, { 'content-type': type, ...headers }).end(body));
  }

  /** Resolves when a caller has disconnected. */
  async abandoned(): Promise<void> {
    while (this.left === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
