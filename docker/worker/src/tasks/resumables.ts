import type { TaskName } from '../../../../core/contract/names';
import { ResumableAnalysis } from './analysis-run';
import { ResumableEmbedding } from './embedding-run';
import type { Resumable, ResumableRun } from './resumable';
import { ResumableSpeech } from './speech-run';
import { ResumableTranscription } from './transcription-run';

type Begin<N extends TaskName = TaskName> = (run: ResumableRun<N>) => Resumable<N>;

/** The registry of resumable tasks. An interrupted attempt of any other task starts again. */
const RESUMABLES: { readonly [N in TaskName]?: Begin<N> } = {
  transcription: (run) => new ResumableTranscription(run),
  analysis: (run) => new ResumableAnalysis(run),
  embedding: (run) => new ResumableEmbedding(run),
  speech: (run) => new ResumableSpeech(run),
};

/** Begins the work on a resumable task. Undefined if the task is not resumable. */
export const resumable = (task: TaskName): Begin | undefined => RESUMABLES[task] as Begin | undefined;
