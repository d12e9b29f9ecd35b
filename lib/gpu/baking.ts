import type { WantedModel } from '../../lambda/model-layout';
import { type Settings, SettingsError } from '../settings';
import { ROOT_VOLUME_GIB } from './gpu-fleet';
import { catalogueModel } from './model-catalogue';

/**
 * GB of a path's images when unpacked, whichever model services it has: their packages are 8.0 (those of
 * `docker/whisper/requirements.production.txt`, as installed), the rest is Debian, ffmpeg and Node.js.
 */
const IMAGES_GB = 9.5;

/** GB of a model whose size nobody has told us: as large as the largest in the catalogue. */
const UNKNOWN_MODEL_GB = 10;

/** GB of the base image, as far as its volume goes: what it holds is not published. */
const BASE_GB = 32;

/** Dollars a month of a GB: a snapshot, and a gp3 volume. EC2's price list for us-east-1, November 2026. */
const SNAPSHOT_PRICE = 0.05;
const VOLUME_PRICE = 0.08;

const HOURS_A_MONTH = (365.25 * 24) / 12;
const GIB = 2 ** 30 / 1e9;

/**
 * Whether machine images are to be baked.
 *
 * @throws SettingsError on the AWS of a laptop, which has no machine images
 */
export function bakes({ bakedMachineImage }: Settings, env: NodeJS.ProcessEnv = process.env): boolean {
  const endpoint = env.AWS_ENDPOINT_URL ?? '';
  if (bakedMachineImage && /^https?:\/\/(localhost|127\.0\.0\.1)\b/.test(endpoint)) {
    throw new SettingsError(
      `Setting "bakedMachineImage" must be false on the AWS of a laptop (AWS_ENDPOINT_URL=${endpoint}), whose machines ` +
        'start from no image; got true. Leave it out there.',
    );
  }
  return bakedMachineImage;
}

/** GB that a baked machine image holds beside the system. */
export const bakedGigabytes = (models: readonly WantedModel[]): number =>
  models.reduce((sum, { name, revision }) => sum + modelGigabytes(name, revision), IMAGES_GB);

/** GiB of the root volume on which that lies. */
export const bakedVolumeGib = (models: readonly WantedModel[]): number =>
  Math.ceil(ROOT_VOLUME_GIB + bakedGigabytes(models) / GIB);

/** What a baked machine image costs, in a sentence for whoever deploys it. */
export function bakedCost(models: readonly WantedModel[]): string {
  const baked = bakedGigabytes(models);
  const [least, most] = [baked, baked + BASE_GB].map((size) => (size * SNAPSHOT_PRICE).toFixed(2));
  const more = bakedVolumeGib(models) - ROOT_VOLUME_GIB;
  const perHour = (more * VOLUME_PRICE) / HOURS_A_MONTH;
  return (
    `The baked machine image holds about ${baked.toFixed(1)} GB of images and models: its snapshot costs $${least} to $${most} a month, ` +
    `whatever runs, and ${more} GiB more of root volume $${perHour.toFixed(4)} for each machine and hour. ` +
    'Volumes are loaded from S3 as they are read: docs/cold-start.md says whether that is faster.'
  );
}

function modelGigabytes(name: string, revision: string): number {
  const known = catalogueModel(name);
  if (known?.revision !== revision || known.files === null) return UNKNOWN_MODEL_GB;
  // Those that nobody has published are of small files.
  return known.files.reduce((sum, { size }) => sum + (size ?? 0), 0) / 1e9;
}
