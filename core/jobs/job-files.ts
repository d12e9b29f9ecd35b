import type { Embedding } from '../contract/work/embedding';
import { KEY } from '../contract/keys';

/** Keys of the files of an embedding, or of what is done of it, in the order of the rows. */
export const partKeys = (id: string, { files, format }: Pick<Embedding, 'files' | 'format'>): string[] =>
  files.map(({ attempt }, index) => KEY.part(id, attempt, index + 1, format));
