import type { TaskName } from '../../../../core/contract/names';
import type { Results } from '../../../../core/tasks/task';
import { locate } from '../evidence/evidence';
import { place } from '../placing/placing';

/** Completes a task's result with the results of other tasks, when all tasks have ended. */
type Join = (results: Results) => Results;

/** The joins by task. The result of a task with a join is not published before the others have ended. */
export const JOINS: Partial<Record<TaskName, Join>> = {
  /** Locates the claims of the analysis in the transcript, and with them its chapters and highlights. */
  analysis: (results) => {
    const { transcription, analysis } = results;
    if (analysis === undefined) return results;
    // A translation does not contain the spoken words.
    const transcript = transcription?.task === 'translate' ? undefined : transcription;
    const located = transcript === undefined ? analysis : locate(analysis, transcript);
    return { ...results, analysis: place(located, transcript) };
  },
};

/** Applies all joins. */
export const joined: Join = (results) =>
  Object.values(JOINS).reduce<Results>((done, join) => join(done), results);
