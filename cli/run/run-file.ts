import { extname } from 'node:path';
import type { JobView } from '../../core/contract/job';
import type { TaskName } from '../../core/contract/names';
import type { JobTasks } from '../../core/contract/tasks';
import { TASKS } from '../../core/tasks';
import type { ApiClient } from '../api/client';
import { ApiError } from '../errors';
import type { Input } from '../transcribe/inputs';
import { doInTime } from '../transcribe/job-of-file';
import type { FileTask, Run } from '../transcribe/trip';
import { fetchAll, fetchOne, listFiles } from './fetch-files';
import { type FilesTask, type FilesView, hasFiles, kindOf } from './files-kinds';
import { inputType } from './media-type';
import { ResultFiles } from './result-files';
import type { RunProgress } from './run-progress';

export interface FileOptions {
  /** @default - every task of the deployment */
  task?: JobTasks;
  /** @default - by the file extension, for tasks that need it */
  mediaType?: string;
  /** Folder of the results. @default - that of the input */
  out?: string;
  /** Whether to replace results that exist. @default false */
  force?: boolean;
}

/** A finished file. Without a job, its results are those of an earlier run. */
export interface Finished {
  job?: JobView;
  /** Paths of the results. That of several files is a folder. */
  files: string[];
  /** What was made, if it was downloaded now. */
  summaries: string[];
  /** What is missing in the results. */
  remarks: string[];
}

/** Does the tasks for one file and writes the results. */
export async function runFile(
  input: Input,
  run: Run,
  options: FileOptions,
  progress: RunProgress,
): Promise<Finished> {
  const { out, force = false, task, mediaType } = options;
  const results = new ResultFiles(input, out);
  const earlier = async (name: TaskName) => (force ? undefined : results.earlier(name, task));
  const names = Object.keys(task ?? {}) as TaskName[];
  const kept = (await Promise.all(names.map(earlier))).filter((path) => path !== undefined);
  if (names.length > 0 && kept.length === names.length) return { files: kept, summaries: [], remarks: [] };
  const send = (type: string | undefined) =>
    doInTime(
      input,
      { ...run, named: { tasks: task, media_type: type } },
      (activity) => progress.activity(activity),
      collect,
    );
  if (mediaType !== undefined) return send(mediaType);
  const type = inputType(input.path, task);
  try {
    return await send(type);
  } catch (error) {
    // The type is only a guess if the tasks are not known: another task may take the file.
    const isGuess = type !== undefined && task === undefined;
    if (!isGuess || !(error instanceof ApiError) || error.code !== 'unsupported_media_type') throw error;
    return send(undefined);
  }

  async function collect(job: JobView, { client }: FileTask): Promise<Finished> {
    const finished = { job, files: [] as string[], summaries: [] as string[], remarks: [] as string[] };
    for (const name of Object.keys(job.results) as TaskName[]) {
      const found = await earlier(name);
      if (found !== undefined) finished.files.push(found);
      else if (hasFiles(name)) await collectFiles(name, finished, client);
      else {
        const { content, type } = await run.downloads(() => client.result(job.id, TASKS[name].resultName));
        finished.files.push(await results.write(name, content, type, force));
      }
    }
    return finished;
  }

  async function collectFiles(task: FilesTask, finished: Required<Finished>, client: ApiClient) {
    const fetching = { client, job: finished.job.id, task };
    const view = await listFiles(fetching);
    const whole = wholeOf(task, view);
    if (whole === undefined) {
      const folder = results.folder(task);
      const onFile = (done: number, of: number) => progress.fetching(done, of);
      await fetchAll(fetching, view, folder, { downloads: run.downloads, force, onFile });
      finished.files.push(folder.path);
    } else {
      const path = results.path(task, extname(whole.name).slice(1));
      await run.downloads(() => fetchOne(fetching, whole, path, force));
      finished.files.push(path);
    }
    const kind = kindOf(task);
    finished.summaries.push(kind.summary(view));
    finished.remarks.push(...kind.remarks(view));
  }
}

/** The only file of a speech without chapters, which needs no folder. */
const wholeOf = (task: FilesTask, { files }: FilesView): FilesView['files'][number] | undefined =>
  task === 'speech' && files.length === 1 ? files[0] : undefined;
