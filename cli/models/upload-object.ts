import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  paginateListParts,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import type { ModelFile } from '../../core/models/model-manifest';

/** Each part in transfer is held in memory. S3 allows 10,000 parts: files up to 312 GiB. */
const PART_BYTES = 32 << 20;
const PARTS_AT_ONCE = 4;

export interface Upload {
  s3: S3Client;
  bucket: string;
  signal?: AbortSignal;
  /** Size of a part in bytes; S3 requires at least 5 MiB. @default 32 MiB */
  partBytes?: number;
}

/**
 * Uploads a file, in parts if it is large. An object with the same SHA-256 is not uploaded again.
 * An interrupted upload continues with the missing parts.
 *
 * @param progress is called with the bytes uploaded so far
 */
export async function uploadObject(
  { s3, bucket, signal, partBytes = PART_BYTES }: Upload,
  key: string,
  path: string,
  { size, sha256 }: ModelFile,
  progress: (bytes: number) => void,
): Promise<void> {
  const place = { Bucket: bucket, Key: key };
  const isThere = async () => {
    const there = await s3.send(new HeadObjectCommand(place), { abortSignal: signal }).catch(absent);
    return there?.ContentLength === size && there.Metadata?.sha256 === sha256;
  };
  if (await isThere()) return progress(size);
  const file = await open(path);
  try {
    if (size <= partBytes) {
      const Body = await block(file, 0, size);
      await s3.send(new PutObjectCommand({ ...place, Body, Metadata: { sha256 } }), { abortSignal: signal });
      return progress(size);
    }
    const earlier = await unfinished(s3, bucket, key);
    await sendParts(earlier ?? (await begin(s3, place, sha256))).catch(endedByAnother);
    // The upload may have been started for other content, whose hash the object then has: upload
    // again.
    if (!(await isThere())) await sendParts(await begin(s3, place, sha256));
  } finally {
    await file.close();
  }

  async function sendParts(UploadId?: string): Promise<void> {
    const arrived = await partsOf(s3, place, UploadId);
    const places = pLimit(PARTS_AT_ONCE);
    let bytes = 0;
    const count = Math.ceil(size / partBytes);
    const sending = Array.from({ length: count }, (_, index) =>
      places(async () => {
        signal?.throwIfAborted();
        const start = index * partBytes;
        const Body = await block(file, start, Math.min(partBytes, size - start));
        const PartNumber = index + 1;
        // The ETag of a part is its MD5. With a KMS key it is not, and the part is sent again.
        const md5 = `"${createHash('md5').update(Body).digest('hex')}"`;
        const part = { ...place, UploadId, PartNumber, Body };
        const ETag =
          arrived.get(PartNumber) === md5
            ? md5
            : (await s3.send(new UploadPartCommand(part), { abortSignal: signal })).ETag;
        progress((bytes += Body.length));
        return { PartNumber, ETag };
      }),
    );
    // No part is being read when the file is closed.
    await Promise.allSettled(sending);
    const Parts = await Promise.all(sending);
    await s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
  }
}

/** Two deployments may continue the same upload. The first to complete it ends it for the other. */
function endedByAnother(error: unknown): void {
  if ((error as Error).name !== 'NoSuchUpload') throw error;
}

async function block(file: FileHandle, start: number, size: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(buffer, filled, size - filled, start + filled);
    if (bytesRead === 0) throw new Error('the file became shorter during the upload');
    filled += bytesRead;
  }
  return buffer;
}

type Place = { Bucket: string; Key: string };

async function begin(s3: S3Client, place: Place, sha256: string): Promise<string | undefined> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...place, Metadata: { sha256 } }));
  return UploadId;
}

async function unfinished(s3: S3Client, Bucket: string, Key: string): Promise<string | undefined> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }));
  return Uploads.findLast((upload) => upload.Key === Key)?.UploadId;
}

async function partsOf(s3: S3Client, place: Place, UploadId?: string): Promise<Map<number, string>> {
  const parts = new Map<number, string>();
  for await (const { Parts = [] } of paginateListParts({ client: s3 }, { ...place, UploadId })) {
    for (const { PartNumber = 0, ETag = '' } of Parts) parts.set(PartNumber, ETag);
  }
  return parts;
}

/** Returns undefined if the error says that the object does not exist. */
export function absent(error: unknown): undefined {
  const { name } = error as Error;
  if (name === 'NotFound' || name === 'NoSuchKey') return undefined;
  throw error;
}
