import { type IAudioMetadata, type IMetadataEvent, parseFromTokenizer } from 'music-metadata';
import { type BoundedTokenizer, Exhausted } from './bounded-tokenizer';
import { movieSeconds } from './movie';
import { oggSeconds } from './ogg';

/**
 * How files start, and the ending by which the library selects its parser. Its own detection would
 * also open parsers of formats that nobody transcribes to every upload.
 */
const FORMATS = [
  [/^....(ftyp|moov|mdat|wide|free|skip)/s, '.mp4'],
  [/^OggS/, '.ogg'],
  [/^RIFF....WAVE/s, '.wav'],
  [/^FORM....AIF[FC]/s, '.aif'],
  [/^fLaC/, '.flac'],
  [/^.E\xdf\xa3/s, '.mkv'],
  [/^0&\xb2u\x8ef\xcf/, '.wma'],
  // Also AAC in ADTS, which starts with the same bits.
  [/^\xff[\xe0-\xff]/, '.mp3'],
] as const;

/** Most tags at the start of a file. */
const MOST_TAGS = 3;
/** A longer duration is a damaged header. */
const LONGEST_SECONDS = 10 * 86_400;

/**
 * Duration of a recording by its headers, in seconds.
 *
 * @returns undefined if they do not say, or nothing plausible
 * @throws Error if the file cannot be read or parsed
 */
export async function durationOf(file: BoundedTokenizer): Promise<number | undefined> {
  const start = await startOf(file);
  const [, ending] = FORMATS.find(([pattern]) => pattern.test(start.toString('latin1'))) ?? [];
  if (ending === undefined) return undefined;
  const seconds = ending === '.mp4' ? await movieSeconds(file) : await parsedSeconds(file, ending);
  return seconds !== undefined && seconds > 0 && seconds <= LONGEST_SECONDS ? seconds : undefined;
}

/** The first bytes after ID3 tags, which are skipped because their pictures may have megabytes. */
async function startOf(file: BoundedTokenizer): Promise<Buffer> {
  for (let tags = 0; ; tags++) {
    const start = Buffer.from(await file.piece(0, Math.min(16, file.size)));
    if (start.length < 16 || start.toString('latin1', 0, 3) !== 'ID3' || tags === MOST_TAGS) return start;
    // Seven bits of each byte, without the tag's header and footer of ten bytes each.
    const length = start.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 127), 0);
    file.skip(Math.min(file.size, length + (start.readUInt8(5) & 0x10 ? 20 : 10)));
  }
}

async function parsedSeconds(file: BoundedTokenizer, ending: string): Promise<number | undefined> {
  const isOgg = ending === '.ogg';
  const seen = new Seen();
  file.name = ending;
  file.beforeRead = () => seen.endIfKnown();
  try {
    // `duration` goes on to the end where the header does not say it. In Ogg, the last page does.
    const options = { skipCovers: true, duration: !isOgg };
    await parseFromTokenizer(file, { ...options, observer: (event) => seen.note(event) });
  } catch (error) {
    // What came before the end of the parser is good enough.
    if (!isOgg && seen.seconds(file.size) === undefined) throw error;
  }
  return seen.seconds(file.size) ?? (isOgg ? oggSeconds(file, seen.format) : undefined);
}

/** What a parser has found so far. */
class Seen {
  format: Partial<IAudioMetadata['format']> = {};
  private frames = 0;
  private bitrates = 0;

  note({ tag, metadata }: IMetadataEvent): void {
    this.format = metadata.format;
    if (tag.id !== 'bitrate' || typeof tag.value !== 'number') return;
    this.frames++;
    this.bitrates += tag.value;
  }

  /** Parsers would read the rest of a file whose duration is known. */
  endIfKnown(): void {
    if (this.format.duration !== undefined) throw new Exhausted('The duration is known');
  }

  /** By the header, or by the bit rate of the frames so far. @param bytes of the file */
  seconds(bytes: number): number | undefined {
    const { duration, container, bitrate } = this.format;
    if (duration !== undefined || this.frames === 0) return duration;
    // Of ADTS, the parser gives the mean of the frames so far; of MP3, the rate of each frame.
    if (container?.startsWith('ADTS') === true) return (bytes * 8) / (bitrate ?? NaN);
    return container === 'MPEG' ? (bytes * 8 * this.frames) / this.bitrates : undefined;
  }
}
