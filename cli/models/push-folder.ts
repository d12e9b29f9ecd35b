import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { MODEL_KEY, type ModelVersion } from '../../core/models/model-layout';
import { modelFilePath, type ModelFile, type ModelManifest } from '../../core/models/model-manifest';
import { UsageError } from '../errors';
import { hashOf } from './hub';
import { type Upload, uploadObject } from './upload-object';

/** Origin of a model, for its manifest. */
export type Provenance = Pick<ModelManifest, 'source' | 'license'> & {
  /** The expected files, if known. @default - all files of the folder */
  files?: ModelFile[];
};

/**
 * Uploads a folder as a model. The manifest is uploaded last, so that a machine finds the complete
 * model or nothing.
 *
 * @param progress is called with the bytes uploaded so far
 * @returns the manifest
 * @throws UsageError if the folder has no files, or a file whose name is not valid
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

/**
 * Lists the files of a folder with size and SHA-256. Links to files are followed. Hidden files and
 * the manifest of an earlier push are left out.
 */
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
      throw new UsageError(`${location} is not a valid name for a model file: rename it`);
    const file = await stat(location).catch(() => undefined);
    if (file?.isFile() !== true) throw new UsageError(`${location} is neither a file nor a link to a file`);
    files.push({ path, size: file.size, sha256: await hashOf(location) });
  }
  if (files.length === 0) throw new UsageError(`The folder ${folder} has no files`);
  return files.sort((one, other) => one.path.localeCompare(other.path, 'en'));
}
