import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What came to the load balancer. */
export interface Came {
  method?: string;
  url?: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** A real HTTP server in the place of the load balancer, which answers as it is told. */
export class LoadBalancer {
  readonly came: Came[] = [];
  /** Requests whose caller left before they were answered. */
  left = 0;
  private listener: RequestListener = (_, response) => response.end();
  private readonly server = createServer((request, response) => {
    response.on('close', () => (this.left += response.writableFinished ? 0 : 1));
    request.on('error', () => undefined);
    void buffer(request).then((body) => {
      const { method, url, headers } = request;
      this.came.push({ method, url, headers, body });
      this.listener(request, response);
    });
  });

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Forgets what came, and answers by this from now on. */
  does(listener: RequestListener): void {
    this.came.length = 0;
    this.left = 0;
    this.listener = listener;
  }

  answers(status: number, type: string, body: string, headers: Record<string, string> = {}): void {
    this.does((_, response) => response.writeHead(status, { 'content-type': type, ...headers }).end(body));
  }

  /** Resolves when a caller has left. */
  async abandoned(): Promise<void> {
    while (this.left === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
