import type { CompleteUploadRequest } from '../../core/contract/api';
import { MOST_PARTS } from '../../core/contract/limits';
import { Refusal } from '../frame/refusal';

/**
 * Smallest part. S3 requires 5 MiB. A slightly larger part keeps the number of requests low, and a
 * failed part can still be sent again within seconds.
 */
const LEAST_PART_BYTES = 8 * 2 ** 20;

/** A stored part. */
export interface StoredPart {
  number: number;
  etag: string;
  /** Bytes. */
  size: number;
}

/** Bytes of every part but the last. */
export const partSize = (size: number): number => Math.max(LEAST_PART_BYTES, Math.ceil(size / MOST_PARTS));

/** Bytes of each part of an upload, in order. */
export function partSizes(size: number): number[] {
  const each = partSize(size);
  const count = Math.ceil(size / each);
  return Array.from({ length: count }, (_, index) => Math.min(each, size - index * each));
}

/** The stored parts that have the expected size, by number. */
export function partsThatFit(stored: StoredPart[], size: number): Map<number, StoredPart> {
  const sizes = partSizes(size);
  return new Map(
    stored.filter((part) => sizes[part.number - 1] === part.size).map((part) => [part.number, part]),
  );
}

/**
 * All parts of an upload, in order, if they are stored as the caller lists them. Their total size
 * is the declared one.
 *
 * @throws Refusal (400) for unknown, repeated or missing part numbers, and for ETags that differ
 *   from the stored ones; (409) for parts that have not arrived and can still be sent
 */
export function wholeUpload(
  given: CompleteUploadRequest['parts'],
  stored: StoredPart[],
  size: number,
): StoredPart[] {
  const { length: count } = partSizes(size);
  const named = new Map(given.map(({ number, etag }) => [number, bare(etag)]));
  const unknown = given.find(({ number }) => number > count);
  if (unknown !== undefined) throw wrong(`has ${count} parts; got part ${unknown.number}`);
  if (named.size < given.length) throw wrong('must list each part once; a part is listed twice');
  const fitting = partsThatFit(stored, size);
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    const etag = named.get(number);
    if (etag === undefined) throw wrong(`must list all of its ${count} parts; part ${number} is missing`);
    const part = fitting.get(number);
    if (part === undefined) {
      throw new Refusal(409, 'not_ready', `Part ${number} has not arrived: send it to its upload URL`, {
        param: 'parts',
      });
    }
    if (bare(part.etag) !== etag)
      throw wrong(`has a different part ${number}: its ETag is ${bare(part.etag)}`);
    return part;
  });
}

/** HTTP encloses an ETag in quotes, which some clients remove. */
const bare = (etag: string) => etag.replaceAll('"', '');

const wrong = (what: string) => new Refusal(400, 'invalid_request', `The upload ${what}`, { param: 'parts' });
