import { DeleteObjectsCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import type { ImageStore } from './image-store';

/** A build stores the file system first, so the image of a young one may not exist yet. */
const YOUNG_MS = 24 * 60 * 60_000;

/**
 * Deletes the stored file systems of images that the repository has removed. At most 1,000 in one call.
 *
 * @param trees `<bucket>/<prefix>` of the file systems: `<prefix><tag>.tar`
 */
export async function pruneTrees(
  s3: S3Client,
  images: Pick<ImageStore, 'tags'>,
  trees: string,
  now = Date.now(),
): Promise<void> {
  const [Bucket = '', ...prefix] = trees.split('/');
  const Prefix = prefix.join('/');
  const old: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix }))
    for (const { Key = '', LastModified } of Contents)
      if (now - Number(LastModified ?? now) > YOUNG_MS) old.push(Key);
  if (old.length === 0) return;
  const tags = await images.tags();
  const Objects = old
    .filter((key) => !tags.has(key.slice(Prefix.length).replace(/\.tar$/, '')))
    .slice(0, 1000)
    .map((Key) => ({ Key }));
  if (Objects.length > 0)
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
}
