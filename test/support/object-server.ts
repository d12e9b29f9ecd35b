import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';
import { LocalServer } from '../local-server';

/**
 * The part of S3 needed for models and recordings: lists, ranges, If-Match, multipart uploads,
 * deletions. It counts requests and can fail on demand.
 */
export class ObjectServer extends LocalServer {
  readonly objects = new Map<string, Buffer>();
  /** Metadata of objects: `x-amz-meta-sha256`. */
  readonly hashes = new Map<string, string>();
  /** Media types of objects. */
  readonly types = new Map<string, string>();
  /** Open multipart uploads: `<key>?<id>`. */
  readonly uploads = new Map<string, Map<number, Buffer>>();
  /** Requests for objects, in order, such as `models/turbo/1/model.bin 0-99`. */
  readonly requests: string[] = [];
  /** Called with each request for an object. True closes the connection during the answer. */
  breaks: (request: string) => boolean = () => false;
  /** Awaited before each answer with an object. */
  gate: (request: string) => Promise<void> = async () => undefined;
  /** Awaited before a received object is stored. */
  putGate: (key: string) => Promise<void> = async () => undefined;
  /** Awaited before a multipart upload is created. */
  beginGate: () => Promise<void> = async () => undefined;

  client(): S3Client {
    return new S3Client({
      endpoint: this.url,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://s3');
    const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
    const upload = `${key}?${query.get('uploadId')}`;
    if (request.method === 'PUT') return this.put(key, upload, query.get('partNumber'), request, response);
    if (request.method === 'POST' && query.has('delete')) return this.delete(await text(request), response);
    if (request.method === 'POST')
      return query.has('uploads') ? this.begin(key, request, response) : this.complete(key, upload, response);
    if (request.method === 'HEAD') return this.head(key, response);
    if (request.method === 'DELETE') return this.abort(upload, response);
    if (query.has('versions')) return this.listVersions(query.get('prefix') ?? '', response);
    if (query.has('uploads')) return this.listUploads(query.get('prefix') ?? '', response);
    if (query.has('uploadId')) return this.listParts(upload, response);
    if (query.has('prefix')) return this.list(query.get('prefix') ?? '', response);
    return this.get(key, request.headers.range, request.headers['if-match'], response);
  }

  private head(key: string, response: ServerResponse): void {
    const content = this.objects.get(key);
    const said = { 'x-amz-meta-sha256': this.hashes.get(key) ?? '', 'content-length': content?.length ?? 0 };
    response.writeHead(content === undefined ? 404 : 200, said).end();
  }

  private list(prefix: string, response: ServerResponse): void {
    const contents = [...this.objects]
      .filter(([key]) => key.startsWith(prefix))
      .map(
        ([key, content]) =>
          `<Contents><Key>${key}</Key><Size>${content.length}</Size><ETag>${etag(content)}</ETag></Contents>`,
      );
    response.end(`<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`);
  }

  /** Answers like a bucket without versioning: one version, `null`, of each object. */
  private listVersions(prefix: string, response: ServerResponse): void {
    const versions = [...this.objects]
      .filter(([key]) => key.startsWith(prefix))
      .map(
        ([key, content]) =>
          `<Version><Key>${key}</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>` +
          `<LastModified>${new Date().toISOString()}</LastModified><Size>${content.length}</Size><ETag>${etag(content)}</ETag></Version>`,
      );
    response.end(`<R><IsTruncated>false</IsTruncated>${versions.join('')}</R>`);
  }

  private async get(key: string, range = '', match: string | undefined, response: ServerResponse) {
    const content = this.objects.get(key);
    if (content === undefined)
      return void response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
    if (match !== undefined && match !== etag(content)) return void response.writeHead(412).end();
    const [, from = '0', to = String(content.length - 1)] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
    const end = to === '' ? content.length : Number(to) + 1;
    const request = `${key} ${from}-${end - 1}`;
    this.requests.push(request);
    await this.gate(request);
    const body = content.subarray(Number(from), end);
    response.writeHead(range === '' ? 200 : 206, { 'content-length': body.length, etag: etag(content) });
    if (!this.breaks(request)) return void response.end(body);
    response.write(body.subarray(0, body.length >> 1), () => response.destroy());
  }

  private async put(
    key: string,
    upload: string,
    part: string | null,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const content = Buffer.concat(chunks);
    this.requests.push(`PUT ${key}${part === null ? '' : ` ${part}`}`);
    if (this.breaks(this.requests.at(-1)!)) return void response.destroy();
    await this.putGate(key);
    if (part !== null && !this.uploads.has(upload)) return noSuchUpload(response);
    if (part !== null) this.uploads.get(upload)?.set(Number(part), content);
    else {
      this.objects.set(key, content);
      this.types.set(key, request.headers['content-type'] ?? '');
      this.hashes.set(key, String(request.headers['x-amz-meta-sha256'] ?? ''));
    }
    response.writeHead(200, { etag: etag(content) }).end();
  }

  private async begin(key: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.beginGate();
    const id = `upload${this.uploads.size}`;
    this.uploads.set(`${key}?${id}`, new Map());
    this.types.set(key, request.headers['content-type'] ?? '');
    this.hashes.set(key, String(request.headers['x-amz-meta-sha256'] ?? ''));
    response.end(`<R><Key>${key}</Key><UploadId>${id}</UploadId></R>`);
  }

  private delete(body: string, response: ServerResponse): void {
    for (const [, key = ''] of body.matchAll(/<Key>(.*?)<\/Key>/g)) this.objects.delete(key);
    response.end('<DeleteResult></DeleteResult>');
  }

  private abort(upload: string, response: ServerResponse): void {
    this.uploads.delete(upload);
    response.writeHead(204).end();
  }

  private complete(key: string, upload: string, response: ServerResponse): void {
    if (!this.uploads.has(upload)) return noSuchUpload(response);
    const parts = [...(this.uploads.get(upload) ?? [])].sort(([one], [other]) => one - other);
    this.objects.set(key, Buffer.concat(parts.map(([, content]) => content)));
    this.uploads.delete(upload);
    response.end(`<R><Key>${key}</Key></R>`);
  }

  private listUploads(prefix: string, response: ServerResponse): void {
    const found = [...this.uploads.keys()]
      .map((upload) => upload.split('?'))
      .filter(([key]) => key?.startsWith(prefix))
      .map(([key, id]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`);
    response.end(`<R>${found.join('')}</R>`);
  }

  private listParts(upload: string, response: ServerResponse): void {
    if (!this.uploads.has(upload)) return noSuchUpload(response);
    const parts = [...(this.uploads.get(upload) ?? [])].map(
      ([number, content]) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>${etag(content)}</ETag><Size>${content.length}</Size></Part>`,
    );
    response.end(`<R><IsTruncated>false</IsTruncated>${parts.join('')}</R>`);
  }
}

const noSuchUpload = (response: ServerResponse): void =>
  void response.writeHead(404).end('<Error><Code>NoSuchUpload</Code></Error>');
const etag = (content: Buffer) => `"${createHash('md5').update(content).digest('hex')}"`;
