import type { LimitFunction } from 'p-limit';
import type { EmbeddingView } from '../../core/contract/work/embedding';
import type { ApiClient } from '../api/client';
import { CliError } from '../errors';
import { shown } from '../format';
import { type EmbeddingFolder, isPartName } from './embedding-folder';

/**
 * Downloads the files of an embedding into a folder. Files that an earlier run downloaded in full
 * are kept.
 *
 * @param onFile called with the number of files that are there
 * @throws CliError `file_exists`, `write_failed`; as {@link ApiClient}
 */
export async function fetchEmbedding(
  client: ApiClient,
  job: string,
  folder: EmbeddingFolder,
  {
    downloads,
    force,
    onFile,
  }: { downloads: LimitFunction; force: boolean; onFile: (done: number, of: number) => void },
): Promise<EmbeddingView> {
  const view = await client.embedding(job);
  const other = view.files.find(({ name }) => !isPartName(name));
  if (other !== undefined)
    throw new CliError(
      'internal',
      `The API named a file ${shown(other.name)}, which is not a file of vectors`,
    );
  await folder.open(job, force);
  let done = 0;
  let hasFailed = false;
  const fetchFile = async (file: EmbeddingView['files'][number]) => {
    // One failure ends the run for this file, so the rest is left to the next run.
    if (hasFailed) return;
    try {
      if (!(await folder.has(file))) await folder.write(file.name, await client.embeddingFile(job, file));
    } catch (error) {
      hasFailed = true;
      throw error;
    }
    onFile(++done, view.files.length);
  };
  await Promise.all(view.files.map((file) => downloads(() => fetchFile(file))));
  await folder.finish(view);
  return view;
}
