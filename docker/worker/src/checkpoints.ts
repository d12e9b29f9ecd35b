import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type Checkpoint, KEY } from '../../../lambda/contract';
import { checkpoint as schema } from './event-schemas';
import type { Log } from './log';

/** Largest checkpoint that is read, in bytes: ten hours' words with their times are some 15 MB. */
const MAX_BYTES = 64 << 20;

/** What interrupted attempts leave for the next one, in S3. */
export class Checkpoints {
  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly log: Log,
  ) {}

  /** Undefined if there is none that can be used: the job then begins at its beginning. */
  async load(id: string): Promise<Checkpoint | undefined> {
    try {
      const { Body, ContentLength = 0 } = await this.s3.send(
        new GetObjectCommand({ Bucket: this.bucket, Key: KEY.checkpoint(id) }),
      );
      const body = Body as Readable;
      if (ContentLength > MAX_BYTES) {
        body.on('error', () => undefined).destroy();
        throw new Error(`${ContentLength} bytes; at most ${MAX_BYTES} are read`);
      }
      return schema.parse(parsed(await text(body)));
    } catch (error) {
      if (!(error instanceof NoSuchKey)) {
        this.log.warn({ job: id, err: error }, 'checkpoint cannot be used: beginning again');
      }
      return undefined;
    }
  }

  async save(id: string, checkpoint: Checkpoint): Promise<void> {
    await this.s3.send(
      new PutObjectCommand({
        Bucket: this.bucket,
        Key: KEY.checkpoint(id),
        Body: JSON.stringify(checkpoint),
        ContentType: 'application/json',
      }),
    );
  }

  async remove(id: string): Promise<void> {
    await this.s3.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: KEY.checkpoint(id) }));
  }
}

/** Without the parser's own message, which shows a piece of the text: it holds what was said. */
function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    throw new Error('the checkpoint is not JSON');
  }
}
