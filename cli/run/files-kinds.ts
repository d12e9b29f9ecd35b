import type { TaskName } from '../../core/contract/names';
import { SPEECH_FILE, type SpeechView } from '../../core/contract/work/speech';
import type { EmbeddingView } from '../../core/contract/work/embedding';
import { failureLines, rowsLine } from './embedding-lines';
import { leftOutLines, speechLine } from './speech-lines';

/** What results with files have in common. */
export type FilesView = { files: { name: string; bytes: number; path: string }[] };

/** A result with files. */
export interface FilesKind<V extends FilesView = FilesView> {
  /** Name of the list of the files, with what they were made with. It is written last. */
  readonly list: string;
  /** Names of the files. No other name is accepted: it could be a path to somewhere else. */
  readonly file: RegExp;
  /** What was made, in a few words. */
  summary(view: V): string;
  /** What is missing in it, as lines. */
  remarks(view: V): string[];
}

// Readers of Parquet treat the folder as one table. They ignore names that begin with _ or a dot.
const embedding: FilesKind<EmbeddingView> = {
  list: '_embedding.json',
  file: /^part-\d{6,}\.(jsonl|parquet)$/,
  summary: rowsLine,
  remarks: (view) => failureLines(view, embedding.list),
};

const speech: FilesKind<SpeechView> = {
  list: '_speech.json',
  file: SPEECH_FILE,
  summary: speechLine,
  remarks: leftOutLines,
};

/** The tasks whose results have files. */
export const KINDS = { embedding, speech } as const;
export type FilesTask = keyof typeof KINDS;

export const hasFiles = (task: TaskName): task is FilesTask => Object.hasOwn(KINDS, task);

/** The kind of result of a task. */
export const kindOf = (task: FilesTask): FilesKind => KINDS[task];
