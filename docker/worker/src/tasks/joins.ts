import type { TaskName } from '../../../../core/contract/names';
import type { Results } from '../../../../core/tasks/task';
import { locate } from '../evidence/evidence';

/** Completes a task's result with the results of other tasks, when all tasks have ended. */
type Join = (results: Results) => Results;

/** The joins by task. The result of a task with a join is not published before the others have ended. */
export const JOINS: Partial<Record<TaskName, Join>> = {
  /** Locates the claims of the analysis in the transcript. */
  analysis: (results) => {
    const { transcription: transcript, analysis } = results;
    // A translation does not contain the spoken words.
    if (transcript === undefined || analysis === undefined || transcript.task === 'translate') return results;
    return { ...results, analysis: locate(analysis, transcript) };
  },
};

/** Applies all joins. */
export const joined: Join = (results) =>
  Object.values(JOINS).reduce<Results>((done, join) => join(done), results);
