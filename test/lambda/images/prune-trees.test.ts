import { DeleteObjectsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { pruneTrees } from '../../../lambda/images/prune-trees';

/** The client's method without a callback. */
type Sending = { send: (command: unknown) => Promise<unknown> };

const NOW = Date.parse('2026-11-30T12:00:00Z');
const HOUR = 3_600_000;

/** Deletes among trees of these ages in hours. @returns the keys that were deleted */
async function pruned(ages: Record<string, number>, tags: string[]): Promise<unknown> {
  const s3 = new S3Client({});
  const deleted: unknown[] = [];
  jest.spyOn(s3 as Sending, 'send').mockImplementation((command) => {
    if (command instanceof ListObjectsV2Command) {
      expect(command.input).toMatchObject({ Bucket: 'trees', Prefix: 'whisper/' });
      const Contents = Object.entries(ages).map(([tag, hours]) => ({
        Key: `whisper/${tag}.tar`,
        LastModified: new Date(NOW - hours * HOUR),
      }));
      return Promise.resolve({ Contents });
    }
    if (command instanceof DeleteObjectsCommand) {
      expect(command.input.Bucket).toBe('trees');
      deleted.push(...(command.input.Delete?.Objects ?? []).map(({ Key }) => Key));
    }
    return Promise.resolve({});
  });
  await pruneTrees(s3, { tags: () => Promise.resolve(new Set(tags)) }, 'trees/whisper/', NOW);
  return deleted;
}

describe('file systems of images', () => {
  test('are deleted when the repository has removed their images', async () => {
    expect(await pruned({ kept: 48, gone: 48 }, ['kept'])).toEqual(['whisper/gone.tar']);
  });

  test('are kept while their images may still be built', async () => {
    expect(await pruned({ built: 1 }, [])).toEqual([]);
  });

  test('are kept if all images exist', async () => {
    expect(await pruned({ kept: 100 }, ['kept', 'in-use-Spotscribe-Traditional'])).toEqual([]);
  });
});
