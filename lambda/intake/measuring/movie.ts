import type { BoundedTokenizer } from './bounded-tokenizer';

/**
 * Duration in the header of an MP4 or QuickTime file (`moov`, `mvhd`), in seconds. The library's
 * parser would read the tables of all samples, which are megabytes for long recordings.
 *
 * @returns undefined if there is no header
 */
export async function movieSeconds(file: BoundedTokenizer): Promise<number | undefined> {
  for (let position = 0; position + 16 <= file.size;) {
    const box = await file.piece(position, 16);
    const short = view(box).getUint32(0);
    // 1: the size follows as 64 bits. 0: the box ends with the file.
    const [size, header] = short === 1 ? [Number(view(box).getBigUint64(8)), 16] : [short, 8];
    if (typeOf(box) === 'moov') return headerSeconds(file, position + header);
    if (size < header) return undefined;
    position += size;
  }
  return undefined;
}

/** Its first box is `mvhd`: version and flags, two dates, the time scale and the duration. */
async function headerSeconds(file: BoundedTokenizer, position: number): Promise<number | undefined> {
  const length = Math.min(40, Math.max(0, file.size - position));
  const box = await file.piece(position, length);
  if (length < 40 || typeOf(box) !== 'mvhd') return undefined;
  const isLong = box[8] === 1;
  const scale = view(box).getUint32(isLong ? 28 : 20);
  const duration = isLong ? Number(view(box).getBigUint64(32)) : view(box).getUint32(24);
  return duration / scale;
}

const view = ({ buffer, byteOffset, length }: Uint8Array) => new DataView(buffer, byteOffset, length);
const typeOf = (box: Uint8Array) => String.fromCharCode(...box.subarray(4, 8));
