import type { Embedding, EmbeddingView } from '../../core/contract/work/embedding';
import type { JobRow } from '../../core/contract/job';
import { partName } from '../../core/contract/keys';
import { partKeys } from '../../core/jobs/job-files';
import { TASKS } from '../../core/tasks';
import { filePath, type FilesOfResult } from './files-result';

/** The files of an embedding, named by their number. */
export function filesOfEmbedding(row: JobRow, embedding: Embedding): FilesOfResult {
  const keys = partKeys(row.id, embedding);
  const names = keys.map((_, index) => partName(index + 1, embedding.format));
  const view: EmbeddingView = {
    ...embedding,
    files: embedding.files.map(({ rows, bytes }, index) => {
      const name = names[index]!;
      return { name, rows, bytes, path: filePath(row, TASKS.embedding, name) };
    }),
  };
  return { keys: new Map(names.map((name, index) => [name, keys[index]!])), view };
}
