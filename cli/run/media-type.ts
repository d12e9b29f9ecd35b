import { extname } from 'node:path';
import type { JobTasks } from '../../core/contract/tasks';

/** Media types of corpora by file extension. */
const CORPUS: Record<string, string> = {
  '.jsonl': 'application/jsonl',
  '.ndjson': 'application/jsonl',
  '.parquet': 'application/vnd.apache.parquet',
};

/**
 * The media type of a corpus, by its file extension. Undefined for other files, and if the tasks do
 * not include an embedding.
 *
 * @param tasks undefined for every task of the deployment
 */
export const corpusType = (path: string, tasks: JobTasks | undefined): string | undefined =>
  tasks !== undefined && tasks.embedding === undefined ? undefined : CORPUS[extname(path).toLowerCase()];
