import { join } from 'node:path';
import type { ModelVersion } from '../../core/models/model-layout';
import { catalogueModel } from '../../lib/models/model-catalogue';
import { UsageError } from '../errors';
import { BucketModels } from './bucket-models';
import { downloadModel } from './download-model';
import type { Hub } from './hub';
import { pushFolder } from './push-folder';
import type { Upload } from './upload-object';

/** What is told while a model goes its way. */
export type PushProgress = (what: 'downloading' | 'uploading', bytes: number) => void;

/**
 * Brings a model of the catalogue from the hub into the bucket. Whatever of it has been done already is not done again.
 *
 * @param folder where downloads are kept: a run that broke off goes on there
 * @throws UsageError if the catalogue does not have this revision of it, GatedError if the hub does not give it
 */
export async function pushModel(
  hub: Hub,
  upload: Upload,
  model: ModelVersion,
  folder: string,
  { force = false, progress = () => undefined }: { force?: boolean; progress?: PushProgress } = {},
): Promise<'present' | 'pushed'> {
  if (!force && (await new BucketModels(upload.s3, upload.bucket).manifest(model)) !== undefined)
    return 'present';
  const known = catalogueModel(model.name);
  if (known?.revision !== model.revision) {
    throw new UsageError(
      `The catalogue does not know ${model.name}@${model.revision}: push it with --from <folder> --revision ${model.revision}`,
    );
  }
  const came = await downloadModel(hub, known, join(folder, model.name), (bytes) =>
    progress('downloading', bytes),
  );
  await pushFolder(upload, model, came.folder, came.origin, (bytes) => progress('uploading', bytes));
  return 'pushed';
}
