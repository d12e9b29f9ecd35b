import { extname } from 'node:path';
import type { JobTasks } from '../../core/contract/tasks';

/** Media types of inputs by file extension, for the tasks that need one. */
const TYPES = {
  embedding: {
    '.jsonl': 'application/jsonl',
    '.ndjson': 'application/jsonl',
    '.parquet': 'application/vnd.apache.parquet',
  },
  speech: {
    '.txt': 'text/plain',
    '.md': 'text/markdown',
    '.markdown': 'text/markdown',
    '.ssml': 'application/ssml+xml',
    '.epub': 'application/epub+zip',
  },
} as const satisfies { [N in keyof JobTasks]?: Record<string, string> };

/**
 * The media type of an input, by its file extension. Undefined for other files, and if no task needs
 * one.
 *
 * @param tasks undefined for every task of the deployment
 */
export function inputType(path: string, tasks: JobTasks | undefined): string | undefined {
  const ending = extname(path).toLowerCase();
  const known = (Object.keys(TYPES) as (keyof typeof TYPES)[]).filter(
    (task) => tasks === undefined || tasks[task] !== undefined,
  );
  return known
    .map((task) => (TYPES[task] as Record<string, string>)[ending])
    .find((type) => type !== undefined);
}
