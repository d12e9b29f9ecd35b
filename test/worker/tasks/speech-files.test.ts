import { SpeechFiles } from '../../../docker/worker/src/tasks/speech-files';
import type { ObjectWriter } from '../../../docker/worker/src/jobs/object-writer';
import { base64 } from '../../support/speech';

/** Files that are kept nowhere. */
const nowhere = () => {
  const writer = { bytes: 0, write: async () => undefined, finish: async () => undefined };
  return writer as unknown as ObjectWriter;
};
const piece = (name: string, data: string) => ({ type: 'piece', name, data: base64(data) }) as const;

describe('the files of a speech', () => {
  test('have a limit of bytes together', async () => {
    const files = new SpeechFiles(nowhere, 10);
    await files.take(piece('chapter-001.wav', '12345'));
    await files.take(piece('chapter-002.wav', '67890'));
    await expect(files.take(piece('chapter-002.wav', 'x'))).rejects.toMatchObject({
      code: 'upload_too_large',
      permanent: true,
      message: 'The speech has more than 10 bytes. Choose a smaller format, such as mp3, or divide the text',
    });
  });

  test('are at most 5001', async () => {
    const files = new SpeechFiles(nowhere);
    for (let number = 1; number <= 5001; number++) await files.take(piece(`chapter-${number}.mp3`, 'x'));
    await expect(files.take(piece('chapter-5002.mp3', 'x'))).rejects.toMatchObject({
      code: 'upload_too_large',
      message: expect.stringMatching(/^The speech has more than 5001 files/),
    });
  });
});
