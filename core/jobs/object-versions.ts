import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';

/**
 * A version of an object. In a bucket without versioning, every object has one version, with the id
 * `null`.
 */
export interface ObjectVersion {
  key: string;
  version: string;
  isLatest: boolean;
  /** Whether it is a delete marker of S3, which has no content. */
  isMarker: boolean;
  /** With its quotes; a marker has none. */
  etag?: string;
  /** Bytes. */
  size: number;
  modified: Date;
}

/**
 * The versions of all objects below a prefix, markers included, page by page in the order of the
 * keys.
 */
export async function* versionsBelow(
  s3: S3Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<ObjectVersion[]> {
  let marker: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const answer: ListObjectVersionsCommandOutput = await s3.send(
      // URL-encoded, because XML cannot represent every character of a key.
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
    // The key itself sorts before longer keys with the same prefix.
    if (page.some((each) => each.key !== key)) break;
  }
  return found;
}

/** Permanently deletes versions, without a delete marker. */
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
      `Could not delete ${Errors.length} objects. The first error is ${first.Code}: ${first.Message}`,
    );
}
