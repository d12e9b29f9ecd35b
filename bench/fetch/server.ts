/**
 * The part of S3 that fetching models needs. `tsx server.ts <folder>` serves a folder and prints
 * its port.
 */
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const folder = process.argv[2] ?? '.';
const etag = ({ size, mtimeMs }: { size: number; mtimeMs: number }) => `"${size}-${Math.trunc(mtimeMs)}"`;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://s3');
  const prefix = url.searchParams.get('prefix');
  if (prefix !== null) {
    const contents = readdirSync(join(folder, prefix)).map((name) => {
      const found = statSync(join(folder, prefix, name));
      return `<Contents><Key>${prefix}${name}</Key><Size>${found.size}</Size><ETag>${etag(found)}</ETag></Contents>`;
    });
    response.end(`<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`);
    return;
  }
  const file = join(folder, url.pathname.split('/').slice(2).join('/'));
  const found = statSync(file);
  const { range } = request.headers;
  // The AWS CLI omits the end of the last range.
  const [, from = '0', end = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const to = end === '' ? found.size - 1 : Number(end);
  response.writeHead(range === undefined ? 200 : 206, {
    etag: etag(found),
    'content-length': to + 1 - Number(from),
    'accept-ranges': 'bytes',
    'last-modified': found.mtime.toUTCString(),
    ...(range !== undefined && { 'content-range': `bytes ${from}-${to}/${found.size}` }),
  });
  if (request.method === 'HEAD') return void response.end();
  createReadStream(file, { start: Number(from), end: to, highWaterMark: 1 << 20 })
    .on('error', () => response.destroy())
    .pipe(response);
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
