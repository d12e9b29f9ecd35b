import { KEY } from '../contract/keys';
import type { PartFormat, TaskName } from '../contract/names';
import type { SpeechCheckpoint } from '../contract/work/speech';
import type { Checkpoint } from '../contract/work/transcript';
import type { TaskTypes } from '../tasks/task';

/** Parts of a task's work, in their order, each with the attempt that wrote it. */
interface Parts {
  files: readonly { attempt: number }[];
  format: PartFormat;
}

export const partKeys = (id: string, { files, format }: Parts): string[] =>
  files.map(({ attempt }, index) => KEY.part(id, attempt, index + 1, format));

/** Keys of the parts of a speech. */
export const speechParts = (id: string, { parts }: Pick<SpeechCheckpoint, 'parts'>): string[] =>
  partKeys(id, { files: parts.map((attempt) => ({ attempt })), format: 'flac' });

type FilesOf<N extends TaskName> = (id: string, result: TaskTypes[N]['result']) => string[];

/** Keys of the files that a result names, by task. The result of any other task has no files. */
const FILES: { readonly [N in TaskName]?: FilesOf<N> } = {
  embedding: partKeys,
  speech: (id, { files }) => files.map(({ attempt, name }) => KEY.file(id, attempt, name)),
};

/** The tasks whose results name files. */
export const TASKS_WITH_FILES = Object.keys(FILES) as TaskName[];

/** Keys of the files that a result of a task names. */
export const resultFiles = <N extends TaskName>(
  task: N,
  id: string,
  result: TaskTypes[N]['result'],
): string[] => FILES[task]?.(id, result) ?? [];

/** Keys of the parts that a checkpoint names. */
export const checkpointFiles = (
  id: string,
  { embedding, speech }: Pick<Checkpoint, 'embedding' | 'speech'>,
): string[] => [
  ...(embedding === undefined ? [] : partKeys(id, embedding)),
  ...(speech === undefined ? [] : speechParts(id, speech)),
];
