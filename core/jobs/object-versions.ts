import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';

/** A version of an object. In a bucket that keeps no versions every object has one, with the id `null`. */
export interface ObjectVersion {
  key: string;
  version: string;
  isLatest: boolean;
  /** Says that the object was deleted, and has no content: S3 calls it a delete marker. */
  isMarker: boolean;
  /** In its quotes; a marker has none. */
  etag?: string;
  /** Bytes. */
  size: number;
  modified: Date;
}

/** The versions of all objects below a prefix, markers included, page by page in the order of the keys. */
export async function* versionsBelow(
  s3: S3Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<ObjectVersion[]> {
  let marker: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const answer: ListObjectVersionsCommandOutput = await s3.send(
      // Encoded, because XML cannot hold every character that a key may have.
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, EncodingType: 'url', ...marker }),
    );
    const { Versions = [], DeleteMarkers = [], EncodingType } = answer;
    const decoded = (key = '') =>
      EncodingType === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key;
    const entry = (isMarker: boolean) => (each: (typeof Versions)[number]) => ({
      key: decoded(each.Key),
      version: each.VersionId ?? 'null',
      isLatest: each.IsLatest ?? false,
      isMarker,
      etag: each.ETag,
      size: each.Size ?? 0,
      modified: each.LastModified ?? new Date(0),
    });
    yield [...Versions.map(entry(false)), ...DeleteMarkers.map(entry(true))];
    marker =
      answer.IsTruncated === true
        ? { KeyMarker: decoded(answer.NextKeyMarker), VersionIdMarker: answer.NextVersionIdMarker }
        : undefined;
  }
}

/** The versions of one object, markers included, the newest first. */
export async function versionsOf(s3: S3Client, bucket: string, key: string): Promise<ObjectVersion[]> {
  const found: ObjectVersion[] = [];
  for await (const page of versionsBelow(s3, bucket, key)) {
    found.push(...page.filter((each) => each.key === key));
    // Of the keys that begin with it, the key itself comes first.
    if (page.some((each) => each.key !== key)) break;
  }
  return found;
}

/** Deletes versions for good: no marker takes their place. */
export async function eraseVersions(
  s3: S3Client,
  bucket: string,
  versions: Pick<ObjectVersion, 'key' | 'version'>[],
): Promise<void> {
  if (versions.length === 0) return;
  const objects = versions.map(({ key, version }) => ({ Key: key, VersionId: version }));
  const { Errors = [] } = await s3.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
  );
  const [first] = Errors;
  if (first !== undefined)
    throw new Error(
      `Could not erase ${Errors.length} objects, the first for ${first.Code}: ${first.Message}`,
    );
}
