import type { EmbeddingView } from '../../core/contract/work/embedding';
import type { JobView } from '../../core/contract/job';
import type { TaskName } from '../../core/contract/names';
import type { JobTasks } from '../../core/contract/tasks';
import { TASKS } from '../../core/tasks';
import { ApiError } from '../errors';
import type { Input } from '../transcribe/inputs';
import { failureOf, sendInTime, waitFor } from '../transcribe/job-of-file';
import type { FileTask, Run } from '../transcribe/trip';
import { fetchEmbedding } from './fetch-embedding';
import { corpusType } from './media-type';
import { ResultFiles } from './result-files';
import type { RunProgress } from './run-progress';

export interface FileOptions {
  /** @default - every task of the deployment */
  task?: JobTasks;
  /** @default - that of a corpus, by the file extension */
  mediaType?: string;
  /** Folder of the results. @default - that of the input */
  out?: string;
  /** Whether to replace results that exist. @default false */
  force?: boolean;
}

/** A finished file. Without a job, its results are those of an earlier run. */
export interface Finished {
  job?: JobView;
  /** Paths of the results. That of an embedding is a folder. */
  files: string[];
  /** The embedding, if it was downloaded now. */
  embedding?: EmbeddingView;
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
  const earlier = async (name: TaskName) => (force ? undefined : results.earlier(name));
  const names = Object.keys(task ?? {}) as TaskName[];
  const kept = (await Promise.all(names.map(earlier))).filter((path) => path !== undefined);
  if (names.length > 0 && kept.length === names.length) return { files: kept };
  const send = (type: string | undefined) =>
    sendInTime(
      input,
      { ...run, named: { tasks: task, media_type: type } },
      (activity) => progress.activity(activity),
      async (sent, trip) => {
        const job = await waitFor(sent.job, trip, run.waiting, async () => undefined);
        if (job.status !== 'succeeded') throw failureOf(job);
        return collect(job, trip);
      },
    );
  if (mediaType !== undefined) return send(mediaType);
  const type = corpusType(input.path, task);
  try {
    return await send(type);
  } catch (error) {
    // The type is only a guess if the tasks are not known: another task may take the file.
    const isGuess = type !== undefined && task === undefined;
    if (!isGuess || !(error instanceof ApiError) || error.code !== 'unsupported_media_type') throw error;
    return send(undefined);
  }

  async function collect(job: JobView, { client }: FileTask): Promise<Finished> {
    const files: string[] = [];
    let embedding: EmbeddingView | undefined;
    for (const name of Object.keys(job.results) as TaskName[]) {
      const found = await earlier(name);
      if (found !== undefined) files.push(found);
      else if (name === 'embedding') {
        const folder = results.folder();
        const onFile = (done: number, of: number) => progress.fetching(done, of);
        embedding = await fetchEmbedding(client, job.id, folder, { downloads: run.downloads, force, onFile });
        files.push(folder.path);
      } else {
        const { content, type } = await run.downloads(() => client.result(job.id, TASKS[name].resultName));
        files.push(await results.write(name, content, type, force));
      }
    }
    return { job, files, embedding };
  }
}
