import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LimitFunction } from 'p-limit';
import { TASKS } from '../../core/tasks';
import type { ApiClient } from '../api/client';
import { type Content, createAtomically, writeAtomically } from '../atomic-write';
import { CliError } from '../errors';
import { shown } from '../format';
import { type FilesTask, type FilesView, kindOf } from './files-kinds';
import type { ResultFolder } from './result-folder';

type ListedFile = FilesView['files'][number];

export interface Fetching {
  client: ApiClient;
  /** Id. */
  job: string;
  task: FilesTask;
}

/**
 * The list of the files of a result.
 *
 * @throws CliError if a name is not that of such a file; as {@link ApiClient}
 */
export async function listFiles({ client, job, task }: Fetching): Promise<FilesView> {
  const { resultName } = TASKS[task];
  const view = await client.fileList<FilesView>(job, resultName);
  const other = view.files.find(({ name }) => !kindOf(task).file.test(name));
  if (other !== undefined)
    throw new CliError(
      'internal',
      `The API named a file ${shown(other.name)}, which is not a file of such a result`,
    );
  return view;
}

/**
 * Downloads the files of a result into a folder. Files that an earlier run downloaded in full are
 * kept.
 *
 * @param onFile called with the number of files that are there
 * @throws CliError `file_exists`, `write_failed`; as {@link ApiClient}
 */
export async function fetchAll(
  fetching: Fetching,
  view: FilesView,
  folder: ResultFolder,
  {
    downloads,
    force,
    onFile,
  }: { downloads: LimitFunction; force: boolean; onFile: (done: number, of: number) => void },
): Promise<void> {
  await folder.open(fetching.job, force);
  let done = 0;
  let hasFailed = false;
  const fetchFile = async (file: ListedFile) => {
    // One failure ends the run for this file, so the rest is left to the next run.
    if (hasFailed) return;
    try {
      if (!(await folder.has(file)))
        await save(fetching, file, (content) => folder.write(file.name, content));
    } catch (error) {
      hasFailed = true;
      throw error;
    }
    onFile(++done, view.files.length);
  };
  await Promise.all(view.files.map((file) => downloads(() => fetchFile(file))));
  await folder.finish(view);
}

/**
 * Downloads one file of a result.
 *
 * @param force whether to replace a file. Otherwise one that appeared meanwhile is kept
 * @throws CliError `write_failed`; as {@link ApiClient}
 */
export async function fetchOne(
  fetching: Fetching,
  file: ListedFile,
  path: string,
  force: boolean,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await save(fetching, file, async (content) => {
    await (force ? writeAtomically(path, content) : createAtomically(path, content));
  });
}

const save = (
  { client, job, task }: Fetching,
  file: ListedFile,
  write: (content: Content) => Promise<void>,
): Promise<void> => client.saveFile(job, TASKS[task].resultName, file, write);
