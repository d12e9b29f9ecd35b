import type { IncomingMessage, ServerResponse } from 'node:http';
import { LocalServer } from '../local-server';

/** A fake model hub: listings, files with ranges, gated models and broken connections. */
export class HubServer extends LocalServer {
  /** Content by `<repository>/<path>`. */
  readonly files = new Map<string, Buffer>();
  readonly gated = new Set<string>();
  /** Requests for files, such as `own/model main model.bin 0-`. */
  readonly requests: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  commit = 'c0ffee'.padEnd(40, '0');
  /** Bytes after which the next answer is cut off, when they have arrived at the client. */
  breakAfter?: number;
  arrived: (bytes: number) => Promise<void> = async () => undefined;

  protected serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://hub');
    const { authorization, range } = request.headers;
    const listing = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/([^/]+)$/.exec(url.pathname);
    if (listing !== null) {
      const siblings = [...this.files]
        .filter(([name]) => name.startsWith(`${listing[1]}/`))
        .map(([name, content]) => ({
          rfilename: name.slice(listing[1]!.length + 1),
          size: content.length,
        }));
      return void response.end(JSON.stringify({ sha: this.commit, siblings }));
    }
    const [, repository = '', revision = '', path = ''] =
      /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    this.authorizations.push(authorization);
    this.requests.push(`${repository} ${revision} ${path} ${range?.slice(6) ?? ''}`.trim());
    if (this.gated.has(repository) && authorization !== 'Bearer good')
      return void response.writeHead(401).end();
    const content = this.files.get(`${repository}/${path}`);
    if (content === undefined) return void response.writeHead(404).end();
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const body = content.subarray(from);
    response.writeHead(range === undefined ? 200 : 206, { 'content-length': body.length });
    const cut = this.breakAfter;
    this.breakAfter = undefined;
    if (cut === undefined) return void response.end(body);
    response.write(body.subarray(0, cut));
    void this.arrived(from + cut).then(() => response.destroy());
  }
}
