import { join } from 'node:path';
import type { ModelManifest } from '../../core/models/model-manifest';
import type { CatalogueModel } from '../../lib/models/model-catalogue';
import { CliError } from '../errors';
import { filesToKeep } from './files-to-keep';
import type { Hub, HubListing } from './hub';

/** What was downloaded, as the manifest will tell it. */
export type Origin = Pick<ModelManifest, 'source' | 'license' | 'files'>;

/**
 * Brings a model of the catalogue into a folder. What the catalogue does not say is taken from the hub: a branch is held
 * to the commit that it stands for now, and a missing SHA-256 is that of what comes (trust on first use).
 *
 * @param folder what comes lies in a folder of its commit below it: a branch that has moved on finds nothing there
 * @param progress is called with the bytes of all files that are there
 * @returns what came, and the folder that holds it
 */
export async function downloadModel(
  hub: Hub,
  model: CatalogueModel,
  folder: string,
  progress: (bytes: number) => void,
): Promise<{ folder: string; origin: Origin }> {
  const { commit, files } = isPinned(model)
    ? { commit: model.revision, files: model.files ?? [] }
    : merged(model, await hub.list(model.source, model.revision));
  if (files.length === 0)
    throw new CliError('not_found', `${model.source} at ${commit} holds no file that a service could need`);
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

/** Whether the catalogue says all that is to be known. */
export const isPinned = ({ revision, files }: CatalogueModel): boolean =>
  /^[0-9a-f]{40}$/.test(revision) &&
  files !== null &&
  files.every(({ size, sha256 }) => size !== null && sha256 !== null);

/** The catalogue's word goes before the hub's. */
export function merged({ files }: CatalogueModel, listing: HubListing): HubListing {
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
