import { TASK_STAGES, type TaskName } from '../../../../core/contract/names';
import type { Degradation } from '../../../../core/contract/values';
import { type SpotscribeError, StaleAttempt } from '../../../../core/contract/errors';
import type { Results, Task, TaskTypes } from '../../../../core/tasks/task';
import { asSpotscribeError, ModelServiceFailed } from '../errors';
import { joined } from '../tasks/joins';

/** Results of a job's tasks, at least one, and what is missing. */
export interface Outcome {
  results: Results;
  degraded: Degradation[];
}

/** The work on one task of a job. */
export interface Step<N extends TaskName = TaskName> {
  task: Pick<Task<N>, 'name' | 'decides'>;
  run: (signal: AbortSignal) => Promise<TaskTypes[N]['result']>;
}

/** Outcome of one step. */
type StepOutcome = { step: Step } & (
  { result: TaskTypes[TaskName]['result'] } | { failure: SpotscribeError }
);

/**
 * Runs the tasks of a job at the same time. If a task fails, the results of the others are returned,
 * and `degraded` has the reason.
 *
 * @param steps in the order of their results in `degraded`
 * @throws SpotscribeError if all fail: the failure of the deciding task, or of the first one;
 * permanent if the input is the cause
 * @throws the reason of the signal if it is aborted
 */
export async function runSteps(steps: readonly Step[], signal: AbortSignal): Promise<Outcome> {
  const ending = new AbortController();
  const joint = AbortSignal.any([signal, ending.signal]);
  const outcomes = await Promise.all(
    steps.map(async (step): Promise<StepOutcome> => {
      try {
        return { step, result: await step.run(joint) };
      } catch (error) {
        const failure = asSpotscribeError(error);
        // If the input is the cause, or the job is lost, the other steps are useless.
        if (
          failure instanceof StaleAttempt ||
          (step.task.decides && !(failure instanceof ModelServiceFailed))
        )
          ending.abort(failure);
        return { step, failure };
      }
    }),
  );
  joint.throwIfAborted();
  return outcome(outcomes);
}

function outcome(outcomes: StepOutcome[]): Outcome {
  const failed = outcomes.filter((each) => 'failure' in each);
  if (failed.length === outcomes.length) {
    const cause = failed.find(({ step }) => step.task.decides) ?? failed[0];
    throw cause!.failure;
  }
  const results = joined(
    Object.fromEntries(
      outcomes.flatMap((each) => ('result' in each ? [[each.step.task.name, each.result]] : [])),
    ),
  );
  const degraded = outcomes.flatMap((each): Degradation[] => {
    const { name } = each.step.task;
    return 'failure' in each
      ? [{ stage: TASK_STAGES[name][0], reason: each.failure.message }]
      : (results[name]?.degraded ?? []);
  });
  return { results, degraded };
}
