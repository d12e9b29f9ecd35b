import { constants, type FileHandle, open } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import type { TranscriptFormat } from '../../../core/contract/names';
import { srtStretches, vttStretches, withSpeakers } from './cue-transcripts';
import { jsonStretches } from './json-transcripts';
import { type Sentence, sentences, type Stretch } from '../../../core/formats/sentences';

/** Largest transcript in bytes. One of ten hours with the times of all words has about 10 MB. */
export const MOST_BYTES = 64 * 1024 * 1024;

/** Content of a file with its state, by which a change is noticed. */
export interface Content extends FileState {
  bytes: Buffer;
  sha256: string;
}

export interface FileState {
  size: number;
  /** Nanoseconds, as text because they exceed the integers of JavaScript. */
  modified: string;
}

/** A file that is not searched, and why. */
export class NotATranscript extends Error {}

/** Opens a file of the folder. Links are not followed, and nothing is waited for. */
async function opened<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  // Windows lacks both flags.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/**
 * Reads a file.
 *
 * @throws NotATranscript if it is not a regular file, or too large
 */
export function readContent(path: string): Promise<Content> {
  return opened(path, async (file) => {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) throw new NotATranscript('it is not a regular file');
    if (stats.size > MOST_BYTES)
      throw new NotATranscript(
        `it has ${stats.size} bytes; the limit for a transcript is ${MOST_BYTES} bytes`,
      );
    const bytes = await file.readFile();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { bytes, sha256, size: Number(stats.size), modified: String(stats.mtimeNs) };
  });
}

/** Size and time of change of a file. */
export const readState = (path: string): Promise<FileState> =>
  opened(path, async (file) => {
    const { size, mtimeNs } = await file.stat({ bigint: true });
    return { size: Number(size), modified: String(mtimeNs) };
  });

interface Reader {
  /** Undefined if the text is not of this format. */
  read: (text: string) => Stretch[] | undefined;
  /** What is wrong then. */
  expected: string;
}

const JSON_READER: Reader = { read: jsonStretches, expected: 'it is not the JSON of a transcript' };

/** Formats that are searched, from the one that says most about a recording to the one that says least. */
const READERS = {
  json: JSON_READER,
  verbose_json: JSON_READER,
  diarized_json: JSON_READER,
  vtt: { read: vttStretches, expected: 'it contains no WebVTT cues' },
  srt: { read: srtStretches, expected: 'it contains no SubRip cues' },
  txt: { read: textStretches, expected: 'it is not text in UTF-8' },
} satisfies Partial<Record<TranscriptFormat, Reader>>;

export type SearchedFormat = keyof typeof READERS;

/** The keys of `READERS`, in that order. */
export const SEARCHED_FORMATS = Object.keys(READERS) as SearchedFormat[];

/**
 * The sentences of a transcript.
 *
 * @throws NotATranscript if the content is not of this format, or has no sentence
 */
export function readSentences(bytes: Uint8Array, format: SearchedFormat): Sentence[] {
  const text = decoded(bytes);
  const { read, expected } = READERS[format];
  const stretches = text === undefined ? undefined : read(text);
  if (stretches === undefined) throw new NotATranscript(bytes.length === 0 ? 'it is empty' : expected);
  const found = sentences(stretches);
  if (found.length === 0) throw new NotATranscript('it contains no speech');
  return found;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    // A byte order mark is removed.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text === '' || text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

/** A line is a stretch, and a blank line ends a paragraph. */
function textStretches(text: string): Stretch[] {
  let isApart = false;
  const found: Stretch[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line.trim() !== '') found.push({ text: line, isApart });
    isApart = line.trim() === '';
  }
  return withSpeakers(found);
}
