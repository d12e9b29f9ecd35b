import { CliError } from '../../errors';
import { alone } from './index-lock';
import { isDamaged } from './libsql';
import { makeRoom, occupantOf, preparePlace } from './place';
import { openDatabase } from './schema';
import { SearchIndex } from './search-index';

export interface IndexOptions {
  path: string;
  /** The user named the file. */
  isChosen: boolean;
  /** Makes the index again. */
  rebuild: boolean;
  signal: AbortSignal;
  /** Reports to the user. */
  say: (text: string) => void;
}

/**
 * Opens the index for `use`, alone among all processes. A damaged index, or one of another version, is made again:
 * `use` is then called with an empty one.
 *
 * @throws UsageError if its place cannot be written, or something else is there
 */
export async function withIndex<T>(
  options: IndexOptions,
  use: (index: SearchIndex) => Promise<T>,
): Promise<T> {
  const { path, isChosen, rebuild, signal, say } = options;
  await preparePlace(path, isChosen);
  const onWait = () => say('Another run uses the index: waiting for it');
  return alone(path, { signal, onWait }, async () => {
    if ((await occupantOf(path)) === 'damaged') await replace(options);
    try {
      return await opened(options, rebuild, use);
    } catch (error) {
      if (!isDamaged(error)) throw error;
      await replace(options);
      // Damaged again at once means that the disk is.
      return await opened(options, false, use).catch((again: unknown) => {
        if (!isDamaged(again)) throw again;
        const { message } = again as Error;
        throw new CliError('write_failed', `The new index ${path} is damaged too: ${message}`);
      });
    }
  });
}

async function replace({ path, say }: IndexOptions): Promise<void> {
  const aside = await makeRoom(path);
  const kept =
    aside === undefined ? '' : `. It was renamed to ${aside}, because Spotscribe may not have made it`;
  say(`The index ${path} is damaged: building a new one${kept}`);
}

async function opened<T>(
  { path, say }: IndexOptions,
  renew: boolean,
  use: (index: SearchIndex) => Promise<T>,
): Promise<T> {
  const { database, opened: state } = openDatabase(path, renew);
  try {
    if (state === 'of another version')
      say(`The index ${path} is of another version of Spotscribe: building a new one`);
    return await use(new SearchIndex(database));
  } finally {
    database.close();
  }
}
