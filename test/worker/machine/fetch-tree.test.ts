import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { fetchTree } from '../../../docker/worker/src/machine/fetch-tree';

/** The client's method without a callback. */
type Sending = { send: (command: unknown) => Promise<unknown> };

const URI = 's3://trees/whisper/0a1b.tar';
const s3 = new S3Client({});
let folder: string;
let archive: Buffer;
/** Ranges that were requested. */
let ranges: string[];
/** Faults of the next requests. */
let faults: Error[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spotscribe-tree-'));
  mkdirSync(join(folder, 'source/bin'), { recursive: true });
  writeFileSync(join(folder, 'source/bin/program'), 'x'.repeat(50_000), { mode: 0o751 });
  archive = execFileSync('tar', ['-c', '-C', join(folder, 'source'), '.']);
  [ranges, faults] = [[], []];
  jest.spyOn(s3 as Sending, 'send').mockImplementation((command) => {
    if (command instanceof HeadObjectCommand)
      return Promise.resolve({ ContentLength: archive.length, ETag: '"1"' });
    const { Range = '', IfMatch } = (command as GetObjectCommand).input;
    expect(IfMatch).toBe('"1"');
    ranges.push(Range);
    const fault = faults.shift();
    if (fault !== undefined) return Promise.reject(fault);
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(Range)!.map(Number);
    return Promise.resolve({
      Body: { transformToByteArray: () => Promise.resolve(archive.subarray(start, end! + 1)) },
    });
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

const zstd = (input: Buffer) => execFileSync('zstd', ['--quiet', '--stdout'], { input });

const trees = () => join(folder, 'trees');
const fetched = () => fetchTree(s3, URI, trees(), 8192);

describe('the file system of an image', () => {
  test('is fetched in parts and unpacked, with its modes', async () => {
    const root = await fetched();
    expect(root).toBe(join(trees(), '0a1b'));
    expect(readFileSync(join(root, 'bin/program'), 'utf8')).toHaveLength(50_000);
    expect(execFileSync('stat', ['-c', '%a', join(root, 'bin/program')], { encoding: 'utf8' })).toBe('751\n');
    expect(ranges).toHaveLength(Math.ceil(archive.length / 8192));
  });

  test('may be compressed', async () => {
    archive = zstd(archive);
    expect(readFileSync(join(await fetched(), 'bin/program'), 'utf8')).toHaveLength(50_000);
  });

  test('that is empty is refused', async () => {
    archive = Buffer.alloc(0);
    await expect(fetched()).rejects.toThrow('it is empty');
  });

  test('is fetched once', async () => {
    await fetched();
    ranges = [];
    await fetched();
    expect(ranges).toEqual([]);
  });

  test('is complete in spite of a broken connection', async () => {
    faults = [new Error('reset'), new Error('reset')];
    expect(readFileSync(join(await fetched(), 'bin/program'), 'utf8')).toHaveLength(50_000);
  });

  test('has no name while it is incomplete', async () => {
    archive = archive.subarray(0, 20_000);
    await expect(fetched()).rejects.toThrow(`The file system ${URI} could not be fetched: tar ended with 2`);
    expect(existsSync(join(trees(), '0a1b'))).toBe(false);
  });

  test('replaces what an earlier, killed fetch has left', async () => {
    mkdirSync(join(trees(), '0a1b.part/old'), { recursive: true });
    expect(existsSync(join(await fetched(), 'old'))).toBe(false);
  });

  test('must have an address in S3', async () => {
    await expect(fetchTree(s3, 'whisper:latest', trees())).rejects.toThrow('must be s3://<bucket>/<key>');
  });
});
