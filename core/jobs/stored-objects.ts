import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import type * as z from 'zod/mini';
import { eraseVersions, versionsBelow } from './object-versions';

/** Largest JSON object that is read, in bytes. A transcript of ten hours has about 15 MB. */
const MAX_BYTES = 64 << 20;

/** Results and checkpoints in S3, which workers write for callers and other workers. */
export class StoredObjects {
  /** @param onUnusable is told of an object that exists but cannot be read */
  constructor(
    protected readonly s3: S3Client,
    protected readonly bucket: string,
    private readonly onUnusable: (key: string, error: Error) => void,
  ) {}

  /** Reads a JSON object. Undefined if it does not exist or does not match the schema. */
  async read<T>(key: string, schema: z.ZodMiniType<T>): Promise<T | undefined> {
    try {
      const { Body, ContentLength = 0 } = await this.s3.send(
        new GetObjectCommand({ Bucket: this.bucket, Key: key }),
      );
      const body = Body as Readable;
      if (ContentLength > MAX_BYTES) {
        body.on('error', () => undefined).destroy();
        throw new Error(`the object has ${ContentLength} bytes; at most ${MAX_BYTES} are read`);
      }
      return schema.parse(parsed(await text(body)));
    } catch (error) {
      if (!(error instanceof NoSuchKey)) this.onUnusable(key, error as Error);
      return undefined;
    }
  }

  /**
   * Erases all versions of the objects below a prefix, because they contain what callers said or
   * wrote.
   *
   * @param keep keys that are not erased
   */
  async removeBelow(prefix: string, keep: readonly string[] = []): Promise<void> {
    const kept = new Set(keep);
    for await (const page of versionsBelow(this.s3, this.bucket, prefix))
      await eraseVersions(
        this.s3,
        this.bucket,
        page.filter(({ key }) => !kept.has(key)),
      );
  }
}

/** Parses JSON without the parser's message, which quotes the text and thus speech. */
function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    throw new Error('the object is not valid JSON');
  }
}
