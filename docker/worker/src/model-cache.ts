import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { SpotscribeError } from '../../../lambda/errors';

/** Where models lie in the cache's bucket, what the folders of aligners begin with, and where speakers' model lies. */
const PREFIX = 'models/';
const ALIGNERS = 'align-';
const DIARIZATION = 'diarization/';

/** A file of a model in the cache. */
export interface CachedFile {
  key: string;
  /** Below the directory of models. */
  path: string;
  /** Bytes. */
  size: number;
  etag: string;
}

/**
 * The files of a model, and of what lies beside it: all aligners, as which languages will come is not known beforehand,
 * and the model that tells speakers apart. The service does without either, and says so in its results.
 *
 * @throws SpotscribeError `model_missing` if the model is not in the cache, or a key leads out of the directory
 */
export async function listModels(s3: S3Client, bucket: string, model: string): Promise<CachedFile[]> {
  const [files, aligners, diarization] = await Promise.all([
    list(s3, bucket, `${PREFIX}${model}/`),
    list(s3, bucket, `${PREFIX}${ALIGNERS}`),
    list(s3, bucket, `${PREFIX}${DIARIZATION}`),
  ]);
  if (files.length === 0) {
    throw new SpotscribeError(
      'model_missing',
      `There is no model under s3://${bucket}/${PREFIX}${model}/. Upload its files there, or set another model.`,
    );
  }
  return [...files, ...aligners, ...diarization];
}

async function list(s3: S3Client, bucket: string, prefix: string): Promise<CachedFile[]> {
  const files: CachedFile[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: prefix },
  )) {
    for (const { Key: key = '', Size: size = 0, ETag: etag = '' } of Contents) {
      // Consoles make an empty object for a folder.
      if (key.endsWith('/')) continue;
      files.push({ key, path: pathOf(key), size, etag });
    }
  }
  return files;
}

function pathOf(key: string): string {
  const path = key.slice(PREFIX.length);
  const names = path.split('/');
  if (names.length < 2 || names.some((name) => name === '' || name.startsWith('.')) || path.includes('\0')) {
    throw new SpotscribeError(
      'model_missing',
      `The model cache holds ${JSON.stringify(key)}, which is no plain file of a model's folder. Remove it.`,
    );
  }
  return path;
}
