import type { S3Client } from '@aws-sdk/client-s3';
import { SpotscribeError } from '../../../../core/contract/errors';
import { totalSize } from '../../../../core/models/model-layout';
import { FileFilling } from './file-filling';
import { inParallel } from './in-parallel';
import { withLease } from './lease-lock';
import type { Log } from '../log';
import { ModelBuilding } from './model-building';
import { type CachedModel, findModels } from './model-cache';
import { ModelDisk } from './model-disk';
import type { ModelFetchSettings } from '../settings';

/** One connection to S3 has about 80 MB/s. The network of a machine is many times faster. */
const CONNECTIONS = 16;
/** Size of a part. After a killed fetch, each connection fetches at most one part again. */
const PART_BYTES = 32 << 20;
/** Bytes to leave free on the disk, for images, audio and logs. */
const SPARE_BYTES = 512 << 20;

/** Parameters that tests set. */
export interface FetchTraits {
  disk?: ModelDisk;
  partBytes?: number;
}

/**
 * Fetches the models from the cache to the disk of the machine. A model gets its name when all its
 * files have the SHA-256 of the manifest. When all have, a mark tells the services, which start
 * meanwhile. Complete models and fetched parts are not fetched again.
 * Of two concurrent fetches, the second waits for the first.
 *
 * @throws SpotscribeError `model_missing` with the missing or invalid model or file, `internal` for
 * a full disk
 */
export async function fetchModels(
  { modelBucket: bucket, modelDir, models: wanted }: ModelFetchSettings,
  s3: S3Client,
  log: Log,
  { disk = new ModelDisk(modelDir), partBytes = PART_BYTES }: FetchTraits = {},
): Promise<void> {
  if (wanted.length === 0) {
    log.info('the engines bring their own models: nothing to fetch');
    return;
  }
  const began = Date.now();
  await disk.prepare();
  await disk.retractMark();
  const { found, missing } = await findModels(s3, bucket, wanted);
  for (const { name, revision } of missing) {
    log.warn({ model: name, revision }, 'not in the cache: the services work without this model');
  }
  const bytes = (await allThere(disk, found))
    ? 0
    : await withLease(
        disk.lock,
        () => bring(found, { s3, bucket, log, disk, partBytes }),
        () => log.info('another task is fetching: waiting for it'),
      );
  await Promise.all(found.map((model) => disk.show(model)));
  await Promise.all(missing.map((model) => disk.hide(model)));
  await disk.mark(wanted);
  log.info({ models: found.length, bytes, ms: Date.now() - began }, 'models are here');
}

const allThere = async (disk: ModelDisk, models: CachedModel[]) =>
  (await Promise.all(models.map((model) => disk.holds(model)))).every(Boolean);

interface Bringing {
  s3: S3Client;
  bucket: string;
  log: Log;
  disk: ModelDisk;
  partBytes: number;
}

/** Fetches missing models. Returns the fetched bytes. */
async function bring(models: CachedModel[], { s3, bucket, log, disk, partBytes }: Bringing): Promise<number> {
  const there = await Promise.all(models.map((model) => disk.holds(model)));
  const buildings = await Promise.all(
    models.filter((_, index) => !there[index]).map((model) => ModelBuilding.open(disk, model, partBytes)),
  );
  const bytes = buildings.reduce((sum, { missingBytes }) => sum + missingBytes, 0);
  await makeRoom(bytes, models, disk, log);
  const fillings = buildings
    .flatMap((building) => building.model.files.map((file) => ({ building, file })))
    .filter(({ building, file }) => !building.isWhole(file))
    // Largest files first, so that at the end no single connection has gigabytes left.
    .sort((one, other) => other.file.size - one.file.size)
    .map(({ building, file }) => new FileFilling(building, file, partBytes));
  try {
    await inParallel(fillings, 2, (filling) => filling.finishIfComplete());
    const parts = fillings.flatMap((filling) => filling.missing.map((part) => ({ filling, part })));
    await inParallel(parts, CONNECTIONS, ({ filling, part }) => filling.fetch(s3, bucket, part));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw noRoom(bytes, await disk.free());
    throw error;
  } finally {
    await Promise.all(fillings.map((filling) => filling.stop()));
  }
  for (const building of buildings) {
    await building.close();
    await disk.complete(building.model);
  }
  return bytes;
}

/**
 * Checks the free space before anything is fetched. Removes models that are no longer wanted if
 * necessary.
 */
async function makeRoom(bytes: number, models: CachedModel[], disk: ModelDisk, log: Log): Promise<void> {
  if (bytes === 0 || (await disk.free()) >= bytes + SPARE_BYTES) return;
  const swept = await disk.sweep(models);
  if (swept.length > 0) log.warn({ swept }, 'removed models that are no longer wanted, to free space');
  const free = await disk.free();
  if (free < bytes + SPARE_BYTES) throw noRoom(bytes, free, totalSize(models.flatMap(({ files }) => files)));
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

const noRoom = (bytes: number, free: number, all?: number) =>
  new SpotscribeError(
    'internal',
    `The disk for models is full: ${gigabytes(bytes)}${all === undefined ? '' : ` of ${gigabytes(all)}`} must be fetched, ` +
      `${gigabytes(SPARE_BYTES)} must stay free, and ${gigabytes(free)} are free. ` +
      'Set a smaller model, or machine types with a larger disk.',
  );
