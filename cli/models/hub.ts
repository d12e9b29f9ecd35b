import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { CliError, UnreachableError } from '../errors';
import { networkError } from '../api/network-error';
import { parseRetryAfter, type Patience, Retryable, retrying } from '../api/retry';

/** Where models come from unless `HF_ENDPOINT` names a mirror. */
export const HUB = 'https://huggingface.co';

/** A file as the hub or the catalogue describes it; null where it says nothing. */
export interface HubFile {
  path: string;
  size: number | null;
  sha256: string | null;
}

export interface HubListing {
  /** The commit that the revision stands for. */
  commit: string;
  files: HubFile[];
}

/** The hub does not give a model without an account that has accepted its makers' conditions. */
export class GatedError extends CliError {
  override readonly name = 'GatedError';

  constructor(repository: string, tokenGiven: boolean) {
    const token = tokenGiven
      ? 'The token that was given is not accepted for it'
      : 'No token was given (HF_TOKEN, or the setting "huggingFaceTokenSecret")';
    super(
      'unauthorized',
      `The hub does not give ${repository} to everybody. ${token}: accept the conditions on ${HUB}/${repository} and use a token of that account.`,
    );
  }
}

/**
 * A token as it may stand in a header; undefined for none.
 *
 * @throws CliError that does not tell what was given: `fetch` would, for what no header may hold
 */
export function hubToken(given = ''): string | undefined {
  const token = given.trim();
  if (token === '') return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CliError(
    'unauthorized',
    'What was given as the hub’s token (HF_TOKEN, or the setting "huggingFaceTokenSecret") is none: it must be the token alone, without spaces, quotes or JSON around it.',
  );
}

const answer = z.object({
  // Part of addresses and of paths on this machine.
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.number().nullish(),
      lfs: z.object({ sha256: z.string().nullish() }).nullish(),
    }),
  ),
});

/** The model hub, or a mirror of it. */
export class Hub {
  constructor(
    private readonly patience: Patience,
    private readonly endpoint = HUB,
    private readonly token?: string,
  ) {}

  /** What a repository holds. SHA-256 are given for large files alone. */
  async list(repository: string, revision: string): Promise<HubListing> {
    const url = `${this.endpoint}/api/models/${repository}/revision/${revision}?blobs=true`;
    const { sha, siblings } = await retrying(this.patience, async () => {
      const response = await this.get(url, repository);
      return answer.parse(await response.json());
    });
    return {
      commit: sha,
      files: siblings.map(({ rfilename, size, lfs }) => {
        return { path: rfilename, size: size ?? null, sha256: lfs?.sha256 ?? null };
      }),
    };
  }

  /**
   * Brings a file, going on where an earlier try stopped, and checks what is known of it.
   *
   * @param progress is called with the bytes that are there
   * @returns size and SHA-256 of what came
   * @throws GatedError, or CliError `file_changed` if size or SHA-256 are not what they should be, `file_exists` if those
   * of a file that was there before are not: it may be the user's
   */
  async download(
    repository: string,
    commit: string,
    file: HubFile,
    target: string,
    progress: (bytes: number) => void,
  ): Promise<{ size: number; sha256: string }> {
    const there = await sizeOf(target);
    // A file gets its name only when it is complete.
    if (there === undefined) await this.fetchWhole(repository, commit, file, target, progress);
    const size = (await sizeOf(target)) ?? 0;
    const sha256 = await hashOf(target);
    const wrong =
      (file.size !== null && size !== file.size && `has ${size} bytes instead of ${file.size}`) ||
      (file.sha256 !== null &&
        sha256 !== file.sha256 &&
        `has the SHA-256 ${sha256} instead of ${file.sha256}`);
    if (wrong === false) return { size, sha256 };
    if (there !== undefined) {
      throw new CliError(
        'file_exists',
        `${target} was there already, and ${wrong}: move it away, or choose another folder with --cache`,
      );
    }
    await rm(target, { force: true });
    throw new CliError(
      'file_changed',
      `${file.path} of ${repository} at ${commit} ${wrong}: it is not what the catalogue or the hub’s listing says. Nothing was kept of it.`,
    );
  }

  private async fetchWhole(
    repository: string,
    commit: string,
    { path, size }: HubFile,
    target: string,
    progress: (bytes: number) => void,
  ): Promise<void> {
    const part = `${target}.part`;
    await mkdir(dirname(target), { recursive: true });
    const url = `${this.endpoint}/${repository}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
    await retrying(this.patience, async () => {
      const there = await sizeOf(part);
      if (there !== undefined && there === size) return;
      // Where no size is known, or more came than should, it begins anew: a part may be the whole already, or wrong.
      const before = there !== undefined && size !== null && there < size ? there : 0;
      const response = await this.get(url, repository, before);
      const goesOn = response.status === 206;
      let bytes = goesOn ? before : 0;
      const counted = async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          progress((bytes += chunk.length));
          // The rest would fill the disk, and be refused.
          if (size !== null && bytes > size) throw moreThan(size, url);
          yield chunk;
        }
      };
      try {
        await pipeline(
          Readable.fromWeb(response.body!),
          counted,
          createWriteStream(part, { flags: goesOn ? 'a' : 'w' }),
        );
      } catch (error) {
        throw broken(error, url, this.patience.signal);
      }
    });
    await rename(part, target);
  }

  private async get(url: string, repository: string, from = 0): Promise<Response> {
    const { signal } = this.patience;
    try {
      const response = await fetch(url, {
        headers: {
          // On a redirect to another host fetch leaves it out.
          ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
          ...(from > 0 && { range: `bytes=${from}-` }),
        },
        signal,
      });
      if (response.ok && response.body !== null) return response;
      await response.body?.cancel();
      throw this.refusal(response, url, repository);
    } catch (error) {
      throw networkError(error, url, signal);
    }
  }

  private refusal({ status, headers }: Response, url: string, repository: string): Error {
    if (status === 401 || status === 403) return new GatedError(repository, this.token !== undefined);
    const failure = new UnreachableError(`${url} was refused: ${status}`);
    const passing = status >= 500 || status === 408 || status === 429;
    return passing ? new Retryable(failure, parseRetryAfter(headers.get('retry-after'))) : failure;
  }
}

/** A connection that broke in the midst is tried again; a disk that is full is not. */
function broken(error: unknown, url: string, signal?: AbortSignal): unknown {
  if (error instanceof CliError) return error;
  if (signal?.aborted === true) return signal.reason;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (/^(ENOSPC|EACCES|EROFS|EDQUOT)$/.test(code)) {
    return new CliError('write_failed', `Cannot keep what comes from ${url}: ${message}`);
  }
  return new Retryable(new UnreachableError(`${url} broke off: ${message}`));
}

const moreThan = (size: number, url: string) =>
  new CliError('file_changed', `From ${url} came more than the ${size} bytes that it should have.`);

export const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );

/** The SHA-256 of a file, in hex. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
