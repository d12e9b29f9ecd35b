import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { SpotscribeError } from '../../../../core/contract/errors';
import { MODEL_KEY, type ModelVersion, type WantedModel } from '../../../../core/models/model-layout';
import { type ModelFile, parseManifest } from '../../../../core/models/model-manifest';

/** A file of a model in the cache, as described by the manifest. */
export interface CachedFile extends ModelFile {
  key: string;
  etag: string;
}

/** A model in the cache. */
export interface CachedModel extends ModelVersion {
  /** ETag of the manifest: a different one means different files. */
  version: string;
  files: CachedFile[];
}

/**
 * Finds the wanted models with their files.
 *
 * @returns models in the cache, and missing optional models
 * @throws SpotscribeError `model_missing` if a required model is missing, or a model differs from
 * its manifest
 */
export async function findModels(
  s3: S3Client,
  bucket: string,
  wanted: readonly WantedModel[],
): Promise<{ found: CachedModel[]; missing: WantedModel[] }> {
  const models = await Promise.all(wanted.map((model) => findModel(s3, bucket, model)));
  return {
    found: models.filter((model) => model !== undefined),
    missing: wanted.filter((_, index) => models[index] === undefined),
  };
}

async function findModel(
  s3: S3Client,
  bucket: string,
  { required, ...model }: WantedModel,
): Promise<CachedModel | undefined> {
  const objects = await listObjects(s3, bucket, MODEL_KEY.folder(model));
  const manifest = objects.get(MODEL_KEY.manifest(model));
  const place = `s3://${bucket}/${MODEL_KEY.folder(model)}`;
  if (manifest === undefined) {
    if (!required) return undefined;
    throw new SpotscribeError(
      'model_missing',
      `The model at ${place} is missing or incomplete: it has no manifest. Run "spotscribe models push ${model.name}", or set another model.`,
    );
  }
  const files = (await readManifest(s3, bucket, model)).map((file) => {
    const key = MODEL_KEY.file(model, file.path);
    const object = objects.get(key);
    if (object?.size === file.size) return { ...file, key, etag: object.etag };
    const fault =
      object === undefined ? 'is missing' : `has ${object.size} bytes instead of ${file.size} in the cache`;
    throw new SpotscribeError(
      'model_missing',
      `The model file ${model.name}/${file.path} ${fault} (${place}). Run "spotscribe models push ${model.name} --force".`,
    );
  });
  return { ...model, version: manifest.etag, files };
}

async function readManifest(s3: S3Client, bucket: string, model: ModelVersion): Promise<ModelFile[]> {
  const Key = MODEL_KEY.manifest(model);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
  try {
    return parseManifest((await Body?.transformToString()) ?? '').files;
  } catch (error) {
    throw new SpotscribeError(
      'model_missing',
      `s3://${bucket}/${Key} cannot be read: ${(error as Error).message}. Run "spotscribe models push ${model.name} --force".`,
    );
  }
}

async function listObjects(s3: S3Client, bucket: string, prefix: string) {
  const objects = new Map<string, { size: number; etag: string }>();
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: prefix },
  )) {
    for (const { Key = '', Size = 0, ETag = '' } of Contents) objects.set(Key, { size: Size, etag: ETag });
  }
  return objects;
}
