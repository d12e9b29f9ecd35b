import { join } from 'node:path';
import type { ModelManifest } from '../../core/models/model-manifest';
import type { HubModel } from '../../lib/models/model-catalogue';
import { CliError } from '../errors';
import { filesToKeep } from './files-to-keep';
import type { Hub, HubListing } from './hub';

/** Origin of the downloaded files, for the manifest. */
export type Origin = Pick<ModelManifest, 'source' | 'license' | 'files'>;

/**
 * Downloads a model from the hub. Details that the catalogue does not have come from the hub: a
 * branch is resolved to its current commit, and a missing SHA-256 is computed from the downloaded
 * file (trust on first use).
 *
 * @param folder files are stored in a subfolder named by the commit, so that commits are not mixed
 * @param progress is called with the bytes downloaded so far, of all files
 * @returns the origin of the files, and their folder
 */
export async function downloadModel(
  hub: Hub,
  model: HubModel,
  folder: string,
  progress: (bytes: number) => void,
): Promise<{ folder: string; origin: Origin }> {
  const { commit, files } = isPinned(model)
    ? { commit: model.revision, files: model.files ?? [] }
    : merged(model, await hub.list(model.source, model.revision));
  if (files.length === 0)
    throw new CliError('not_found', `${model.source} at ${commit} has no files that a service can use`);
  const place = join(folder, commit);
  const done: Origin['files'] = [];
  let before = 0;
  for (const file of files) {
    const target = join(place, file.path);
    const came = await hub.download(model.source, commit, file, target, (bytes) => progress(before + bytes));
    progress((before += came.size));
    done.push({ path: file.path, ...came });
  }
  const source = { repository: model.source, commit };
  return { folder: place, origin: { source, license: model.license, files: done } };
}

/** Whether the catalogue has the commit, and size and SHA-256 of all files. */
export const isPinned = ({ revision, files }: HubModel): boolean =>
  /^[0-9a-f]{40}$/.test(revision) &&
  files !== null &&
  files.every(({ size, sha256 }) => size !== null && sha256 !== null);

/** Combines catalogue and hub. The catalogue takes precedence. */
export function merged({ files }: HubModel, listing: HubListing): HubListing {
  const listed = new Map(listing.files.map((file) => [file.path, file]));
  if (files === null) return { commit: listing.commit, files: filesToKeep(listing.files) };
  return {
    commit: listing.commit,
    files: files.map(({ path, size, sha256 }) => ({
      path,
      size: size ?? listed.get(path)?.size ?? null,
      sha256: sha256 ?? listed.get(path)?.sha256 ?? null,
    })),
  };
}
