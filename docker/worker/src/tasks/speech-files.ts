import { SpotscribeError } from '../../../../core/contract/errors';
import type { Speech, SynthesizeEvent } from '../../../../core/contract/work/speech';
import { ModelServiceFailed } from '../errors';
import type { ObjectWriter } from '../jobs/object-writer';

/** Most files of a speech: the service reads at most 5,000 chapters, and makes one file of all. */
const MOST_FILES = 5001;
/**
 * Most bytes of all files. The longest text that the service reads has 90 hours: 15.6 GB at 24 kHz
 * without compression, and a file of all chapters with 64 kbit/s.
 */
const MOST_BYTES = 20 * 2 ** 30;

type Listed = Pick<Speech['files'][number], 'name' | 'bytes'>;

/** The files of a speech. Each is stored while its pieces arrive, so that memory holds a part of one. */
export class SpeechFiles {
  private readonly stored: Listed[] = [];
  private open: { name: string; writer: ObjectWriter } | undefined;
  private total = 0;

  constructor(
    private readonly begin: (name: string) => ObjectWriter,
    private readonly mostBytes = MOST_BYTES,
  ) {}

  /**
   * @throws SpotscribeError `upload_too_large` if there are too many files or bytes
   * @throws ModelServiceFailed if a file continues after another one
   */
  async take({ name, data }: Extract<SynthesizeEvent, { type: 'piece' }>): Promise<void> {
    if (this.open?.name !== name) await this.next(name);
    const piece = Buffer.from(data, 'base64');
    this.total += piece.length;
    if (this.total > this.mostBytes) throw tooLarge(`${this.mostBytes} bytes`);
    await this.open?.writer.write(piece);
  }

  /**
   * Ends the last file and compares the files with those of the result.
   *
   * @throws ModelServiceFailed if they differ
   */
  async finish(listed: readonly Listed[]): Promise<void> {
    await this.close();
    const [made, received] = [listed, this.stored].map(described);
    if (made !== received)
      throw new ModelServiceFailed(`The speech service listed the files ${made}; it sent ${received}`);
  }

  /** Deletes what was sent of an unfinished file. */
  async abandon(): Promise<void> {
    await this.open?.writer.abandon();
    this.open = undefined;
  }

  private async next(name: string): Promise<void> {
    await this.close();
    if (this.stored.some((file) => file.name === name))
      throw new ModelServiceFailed(`The speech service continued the file ${name} after another one`);
    if (this.stored.length === MOST_FILES) throw tooLarge(`${MOST_FILES} files`);
    this.open = { name, writer: this.begin(name) };
  }

  private async close(): Promise<void> {
    if (this.open === undefined) return;
    const { name, writer } = this.open;
    await writer.finish();
    this.open = undefined;
    this.stored.push({ name, bytes: writer.bytes });
  }
}

/** Files as text, in the order of their names: `chapter-001.mp3 (962000 bytes)`. */
const described = (files: readonly Listed[]): string => {
  const names = files.map(({ name, bytes }) => `${name} (${bytes} bytes)`);
  return names.length === 0 ? 'none' : names.sort().join(', ');
};

const tooLarge = (limit: string) =>
  new SpotscribeError(
    'upload_too_large',
    `The speech has more than ${limit}. Choose a smaller format, such as mp3, or divide the text`,
  );
