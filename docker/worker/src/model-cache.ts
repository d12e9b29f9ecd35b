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

/** The models that a path's services load, by the names of their folders; absent: none is fetched for that service. */
export interface WantedModels {
  whisper?: string;
  voxtral?: string;
}

/**
 * Whether a file is left where it is. Voxtral's makers publish the weights twice, for two libraries: ours reads the other
 * copy, and 9 GB more would double the time that a machine takes to start.
 */
export const isLeftOut = (path: string) => path.endsWith('/consolidated.safetensors');

/**
 * The files of the models that are wanted. Beside Whisper's come all aligners, as which languages will come is not known
 * beforehand, and the model that tells speakers apart. The service does without either, and says so in its results.
 *
 * @throws SpotscribeError `model_missing` if a model is not in the cache, or a key leads out of the directory
 */
export async function listModels(s3: S3Client, bucket: string, wanted: WantedModels): Promise<CachedFile[]> {
  const { whisper, voxtral } = wanted;
  const lists = [
    ...[whisper, voxtral].filter((name) => name !== undefined).map((name) => listModel(s3, bucket, name)),
    ...(whisper === undefined
      ? []
      : [ALIGNERS, DIARIZATION].map((beside) => list(s3, bucket, `${PREFIX}${beside}`))),
  ];
  return (await Promise.all(lists)).flat();
}

async function listModel(s3: S3Client, bucket: string, name: string): Promise<CachedFile[]> {
  const files = await list(s3, bucket, `${PREFIX}${name}/`);
  if (files.length > 0) return files;
  throw new SpotscribeError(
    'model_missing',
    `There is no model under s3://${bucket}/${PREFIX}${name}/. Upload its files there, or set another model.`,
  );
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
      const path = pathOf(key);
      if (!isLeftOut(path)) files.push({ key, path, size, etag });
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
