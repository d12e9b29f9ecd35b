import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type * as z from 'zod/mini';
import { eraseVersions, versionsOf } from '../../../../core/jobs/object-versions';
import type { Log } from '../log';

/** Largest object that is read, in bytes. A transcript of ten hours has about 15 MB. */
const MAX_BYTES = 64 << 20;

/** JSON objects in S3, which workers write for callers and other workers. */
export class JsonObjects {
  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly log: Log,
  ) {}

  /** Reads an object. Undefined if it does not exist or does not match the schema. */
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
      if (!(error instanceof NoSuchKey)) this.log.warn({ key, err: error }, 'object cannot be used');
      return undefined;
    }
  }

  async write(key: string, content: object): Promise<void> {
    await this.s3.send(
      new PutObjectCommand({
        Bucket: this.bucket,
        Key: key,
        Body: JSON.stringify(content),
        ContentType: 'application/json',
      }),
    );
  }

  /** Erases all versions of objects, because they contain speech. */
  async remove(keys: string[]): Promise<void> {
    const versions = await Promise.all(keys.map((key) => versionsOf(this.s3, this.bucket, key)));
    for (const each of versions) await eraseVersions(this.s3, this.bucket, each);
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
