import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { StoredObjects } from '../../../../core/jobs/stored-objects';
import type { Log } from '../log';
import { ObjectWriter } from './object-writer';

/** Results and checkpoints in S3 for a worker, which also writes them. */
export class JobObjects extends StoredObjects {
  constructor(s3: S3Client, bucket: string, log: Log) {
    super(s3, bucket, (key, err) => log.warn({ key, err }, 'object cannot be used'));
  }

  write(key: string, content: object): Promise<void> {
    return this.writeFile(key, JSON.stringify(content), 'application/json');
  }

  /** @param type media type */
  async writeFile(key: string, content: string | Uint8Array, type: string): Promise<void> {
    await this.s3.send(
      new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: content, ContentType: type }),
    );
  }

  /** Writes an object in pieces. @param type media type */
  writer(key: string, type: string): ObjectWriter {
    return new ObjectWriter(this.s3, { Bucket: this.bucket, Key: key }, type);
  }
}
