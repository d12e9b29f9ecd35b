import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SpotscribeError } from '../../../lambda/errors';
import type { CachedFile } from './model-cache';

/** Beside a model's files: their SHA-256 in the format of `sha256sum`, to pin what the model's makers published. */
export const SUMS_FILE = 'SHA256SUMS';

const LINE = /^([0-9a-f]{64}) [ *](?:\.\/)?(.+)$/i;

/**
 * The digests that files must have, by path below the directory of models.
 *
 * @throws SpotscribeError `model_missing` if a line cannot be read
 */
export async function readSums(folder: string, files: CachedFile[]): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  for (const { path } of files) {
    const content = await readFile(join(folder, path), 'utf8');
    for (const line of content.split('\n').filter((each) => each.trim() !== '')) {
      const [, sum, name] = LINE.exec(line.trimEnd()) ?? [];
      if (sum === undefined || name === undefined) {
        throw new SpotscribeError(
          'model_missing',
          `${path} holds the line ${JSON.stringify(line)}, which is none of sha256sum. Make the file again.`,
        );
      }
      sums.set(posix.join(dirname(path), name), sum.toLowerCase());
    }
  }
  return sums;
}

/** @throws SpotscribeError `model_missing` naming the file if its size or a digest is wrong */
export async function checkDigest(
  location: string,
  file: CachedFile,
  expected: { sha256?: string; md5?: string },
): Promise<void> {
  const { size } = await stat(location);
  if (size !== file.size) throw corrupt(file, `has ${size} bytes, not ${file.size}`);
  for (const algorithm of ['sha256', 'md5'] as const) {
    const wanted = expected[algorithm];
    if (wanted === undefined) continue;
    const hash = createHash(algorithm);
    await pipeline(createReadStream(location, { highWaterMark: 1 << 20 }), hash);
    const got = hash.digest('hex');
    if (got !== wanted) throw corrupt(file, `has the ${algorithm} ${got}, not ${wanted}`);
    return;
  }
}

const corrupt = (file: CachedFile, fault: string) =>
  new SpotscribeError('model_missing', `The model file ${file.path} ${fault}. Upload it to the cache again.`);
