import { constants, type FileHandle, open } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import type { TranscriptFormat } from '../../../core/contract/names';
import { srtStretches, vttStretches, withSpeakers } from './cue-transcripts';
import { jsonStretches } from './json-transcripts';
import { type Sentence, sentences, type Stretch } from './sentences';

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

const READ: Record<TranscriptFormat, (text: string) => Stretch[] | undefined> = {
  json: jsonStretches,
  verbose_json: jsonStretches,
  diarized_json: jsonStretches,
  srt: srtStretches,
  vtt: vttStretches,
  txt: textStretches,
};

const EXPECTED: Record<TranscriptFormat, string> = {
  json: 'it is not the JSON of a transcript',
  verbose_json: 'it is not the JSON of a transcript',
  diarized_json: 'it is not the JSON of a transcript',
  srt: 'it contains no SubRip cues',
  vtt: 'it contains no WebVTT cues',
  txt: 'it is not text in UTF-8',
};

/**
 * The sentences of a transcript.
 *
 * @throws NotATranscript if the content is not of this format, or has no sentence
 */
export function readSentences(bytes: Uint8Array, format: TranscriptFormat): Sentence[] {
  const text = decoded(bytes);
  const stretches = text === undefined ? undefined : READ[format](text);
  if (stretches === undefined)
    throw new NotATranscript(bytes.length === 0 ? 'it is empty' : EXPECTED[format]);
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
