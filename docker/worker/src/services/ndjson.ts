import { ModelServiceFailed } from '../errors';

/**
 * Yields the non-empty lines of a stream. Holds one line in memory.
 *
 * @param maxBytes longest line in bytes
 * @throws ModelServiceFailed if a line is longer
 */
export async function* lines(stream: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let length = 0;
  const take = () => {
    const line = Buffer.concat(parts).toString('utf8').trim();
    parts = [];
    length = 0;
    return line;
  };
  for await (let chunk of stream) {
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a)) {
      parts.push(chunk.subarray(0, end));
      if (length + end > maxBytes) throw tooLong(maxBytes);
      const line = take();
      if (line !== '') yield line;
      chunk = chunk.subarray(end + 1);
    }
    parts.push(chunk);
    length += chunk.length;
    if (length > maxBytes) throw tooLong(maxBytes);
  }
  const last = take();
  if (last !== '') yield last;
}

const tooLong = (maxBytes: number) =>
  new ModelServiceFailed(`The model service sent a line of more than ${maxBytes} bytes`);
