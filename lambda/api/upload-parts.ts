import type { CompleteUploadRequest } from '../../core/contract/requests';
import { MOST_PARTS } from '../../core/contract/limits';
import { Refusal } from '../frame/refusal';

/** S3 takes 5 MiB at least. A little more keeps the requests few; what breaks is still sent again in seconds. */
const LEAST_PART_BYTES = 8 * 2 ** 20;

/** A part as it is in the store. */
export interface StoredPart {
  number: number;
  etag: string;
  /** Bytes. */
  size: number;
}

/** Bytes of every part but the last. */
export const partSize = (size: number): number => Math.max(LEAST_PART_BYTES, Math.ceil(size / MOST_PARTS));

/** Bytes of each part of an upload, the first first. */
export function partSizes(size: number): number[] {
  const each = partSize(size);
  const count = Math.ceil(size / each);
  return Array.from({ length: count }, (_, index) => Math.min(each, size - index * each));
}

/** The parts in the store that have the size that is theirs, by number. */
export function partsThatFit(stored: StoredPart[], size: number): Map<number, StoredPart> {
  const sizes = partSizes(size);
  return new Map(
    stored.filter((part) => sizes[part.number - 1] === part.size).map((part) => [part.number, part]),
  );
}

/**
 * All parts of an upload, in order, if the store has them as the caller says: together they have the size declared.
 *
 * @throws Refusal (400) for parts that the upload does not have, are named twice, left out or of other content than the
 *   store's; (409) for those that have not arrived, which can still be sent
 */
export function wholeUpload(
  given: CompleteUploadRequest['parts'],
  stored: StoredPart[],
  size: number,
): StoredPart[] {
  const { length: count } = partSizes(size);
  const named = new Map(given.map(({ number, etag }) => [number, bare(etag)]));
  const strange = given.find(({ number }) => number > count);
  if (strange !== undefined) throw wrong(`has ${count} parts; got part ${strange.number}`);
  if (named.size < given.length) throw wrong('needs each part once; one is named twice');
  const there = partsThatFit(stored, size);
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    const etag = named.get(number);
    if (etag === undefined) throw wrong(`needs all of its ${count} parts; part ${number} is not named`);
    const part = there.get(number);
    if (part === undefined) {
      throw new Refusal(409, 'not_ready', `Part ${number} has not arrived: send it to its address`, {
        param: 'parts',
      });
    }
    if (bare(part.etag) !== etag) throw wrong(`has another part ${number}: its ETag is ${bare(part.etag)}`);
    return part;
  });
}

/** HTTP puts an ETag in quotes, which some clients take off. */
const bare = (etag: string) => etag.replaceAll('"', '');

const wrong = (what: string) => new Refusal(400, 'invalid_request', `The upload ${what}`, { param: 'parts' });
