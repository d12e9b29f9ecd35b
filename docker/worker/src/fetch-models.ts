import { type FileHandle, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { SpotscribeError } from '../../../lambda/errors';
import { fetchObject } from './fetch-object';
import { inParallel } from './in-parallel';
import type { Log } from './log';
import { type CachedFile, isLeftOut, listModels, type WantedModels } from './model-cache';
import { checkDigest, readSums, SUMS_FILE } from './model-digests';
import type { ModelFetchSettings } from './settings';

/** Files fetched at once; each of the large ones comes in several parts at once too. */
const FILES_AT_ONCE = 4;

/** Names the files that are whole, with the version of the object that each was made of. */
const MARKER = '.fetched.json';

/**
 * Brings the models from the cache to the machine's disk. A file appears under its name only when it is whole and its
 * checksum is right; what is there already is not fetched again.
 *
 * @throws SpotscribeError `model_missing` naming the file or folder that is missing or wrong
 */
export async function fetchModels(settings: ModelFetchSettings, s3: S3Client, log: Log): Promise<void> {
  const { modelBucket, modelDir } = settings;
  const wanted = wantedModels(settings);
  if (wanted.whisper === undefined && wanted.voxtral === undefined) {
    log.info('the engines bring their own models: nothing to fetch');
    return;
  }
  const began = Date.now();
  const files = await listModels(s3, modelBucket, wanted);
  // The checksums first: what they say about a file must be known when it arrives.
  const isSums = ({ path }: CachedFile) => path.endsWith(`/${SUMS_FILE}`);
  const fetcher = new ModelFetcher(s3, modelBucket, modelDir);
  await fetcher.begin();
  await inParallel(files.filter(isSums), FILES_AT_ONCE, (file) => fetcher.fetch(file));
  const sums = await readSums(modelDir, files.filter(isSums));
  const missing = [...sums.keys()].find(
    (path) => !isLeftOut(path) && !files.some((file) => file.path === path),
  );
  if (missing !== undefined) {
    throw new SpotscribeError(
      'model_missing',
      `The model file ${missing} is named in ${SUMS_FILE} but is not in s3://${modelBucket}/models/. Upload the model again.`,
    );
  }
  const others = files.filter((file) => !isSums(file));
  await inParallel(others, FILES_AT_ONCE, (file) => fetcher.fetch(file, sums.get(file.path)));
  log.info(
    { files: files.length, fetched: fetcher.fetched, bytes: fetcher.bytes, ms: Date.now() - began },
    'models are here',
  );
}

/** The models that are not part of their engines. */
const wantedModels = (settings: ModelFetchSettings): WantedModels => ({
  whisper: settings.whisperEngine === 'whisperx' ? settings.whisperModel : undefined,
  voxtral: settings.voxtralEngine === 'voxtral' ? settings.voxtralModel : undefined,
});

class ModelFetcher {
  fetched = 0;
  bytes = 0;
  private whole: Record<string, string> = {};
  private marking: Promise<void> = Promise.resolve();

  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly folder: string,
  ) {}

  async begin(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const marker = await readFile(join(this.folder, MARKER), 'utf8').catch(() => '{}');
    this.whole = JSON.parse(marker) as Record<string, string>;
  }

  /** @param sha256 hex digest that the file must have, if the model's makers gave one */
  async fetch(file: CachedFile, sha256?: string): Promise<void> {
    const target = join(this.folder, file.path);
    const version = [file.etag, sha256].join();
    if (this.whole[file.path] === version && (await sizeOf(target)) === file.size) return;
    const part = `${target}.part`;
    await mkdir(dirname(target), { recursive: true });
    const handle = await open(part, 'w');
    try {
      await this.fill(handle, part, file, sha256);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    await rename(part, target);
    this.fetched++;
    this.bytes += file.size;
    await this.mark(file.path, version);
  }

  private async fill(handle: FileHandle, part: string, file: CachedFile, sha256?: string): Promise<void> {
    const { etagIsMd5 } = await fetchObject(this.s3, this.bucket, file, handle);
    await checkDigest(part, file, { sha256, md5: etagIsMd5 ? file.etag.replaceAll('"', '') : undefined });
    // Whoever sees the name sees the bytes, also after a crash of the machine.
    await handle.sync();
  }

  private mark(path: string, version: string): Promise<void> {
    this.whole[path] = version;
    const marker = join(this.folder, MARKER);
    this.marking = this.marking.then(async () => {
      await writeFile(`${marker}.part`, JSON.stringify(this.whole));
      await rename(`${marker}.part`, marker);
    });
    return this.marking;
  }
}

const sizeOf = (file: string) =>
  stat(file).then(
    ({ size }) => size,
    () => undefined,
  );
