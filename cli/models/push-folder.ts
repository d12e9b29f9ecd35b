import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { MODEL_KEY, type ModelVersion } from '../../core/models/model-layout';
import { modelFilePath, type ModelFile, type ModelManifest } from '../../core/models/model-manifest';
import { UsageError } from '../errors';
import { hashOf } from './hub';
import { type Upload, uploadObject } from './upload-object';

/** What a manifest says beside its files. */
export type Provenance = Pick<ModelManifest, 'source' | 'license'> & {
  /** The files, if it is known what they must be. @default - all of the folder, as they are */
  files?: ModelFile[];
};

/**
 * Uploads a folder as a model; its manifest goes last, so that a machine finds all of it or nothing.
 *
 * @param progress is called with the bytes that have arrived
 * @returns the manifest
 * @throws UsageError if the folder holds no file, or one whose name no model's file may have
 */
export async function pushFolder(
  upload: Upload,
  model: ModelVersion,
  folder: string,
  { source, license, files }: Provenance,
  progress: (bytes: number) => void = () => undefined,
): Promise<ModelManifest> {
  const described = files ?? (await describeFolder(folder));
  let before = 0;
  for (const file of described) {
    const key = MODEL_KEY.file(model, file.path);
    await uploadObject(upload, key, join(folder, file.path), file, (bytes) => progress(before + bytes));
    before += file.size;
  }
  const manifest: ModelManifest = {
    version: 1,
    name: model.name,
    revision: model.revision,
    source,
    license,
    created_at: new Date().toISOString(),
    files: described,
  };
  await upload.s3.send(
    new PutObjectCommand({
      Bucket: upload.bucket,
      Key: MODEL_KEY.manifest(model),
      Body: JSON.stringify(manifest, null, 2),
      ContentType: 'application/json',
    }),
  );
  return manifest;
}

/** The files of a folder with their sizes and SHA-256. Links are followed, to files alone. Hidden files and the manifest of an earlier push are left out. */
async function describeFolder(folder: string): Promise<ModelFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: Error) => {
    throw new UsageError(`Cannot read the folder ${folder}: ${error.message}`);
  });
  const files: ModelFile[] = [];
  for (const entry of entries) {
    const location = join(entry.parentPath, entry.name);
    const path = relative(folder, location).split(sep).join('/');
    const leftOut = path.split('/').some((part) => part.startsWith('.')) || path === 'manifest.json';
    if (leftOut || entry.isDirectory()) continue;
    if (!modelFilePath.safeParse(path).success)
      throw new UsageError(`${location} cannot be a model's file: rename it`);
    const file = await stat(location).catch(() => undefined);
    if (file?.isFile() !== true)
      throw new UsageError(`${location} is neither a file nor a link to one: put the file itself there`);
    files.push({ path, size: file.size, sha256: await hashOf(location) });
  }
  if (files.length === 0) throw new UsageError(`There are no files in ${folder}`);
  return files.sort((one, other) => one.path.localeCompare(other.path, 'en'));
}
