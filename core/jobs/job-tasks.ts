import type { JobRow } from '../contract/job';
import { type StageState, TASK_NAMES, type TaskName, type Unit } from '../contract/names';
import type { JobOptions } from '../contract/work/options';
import type { DeployedTasks, JobTasks } from '../contract/tasks';
import { tasksIn } from '../tasks';

/** The tasks of a deployment. */
export const deployedNames = (deployed: DeployedTasks): TaskName[] =>
  TASK_NAMES.filter((name) => deployed[name] !== undefined);

/** The tasks of a job with these options: all tasks of the deployment that the options do not exclude. */
export function tasksFor({ analysis = {}, ...transcription }: JobOptions, deployed: DeployedTasks): JobTasks {
  // Both hear the same track and language.
  const { track, language } = transcription;
  const shared = { ...(track !== undefined && { track }), ...(language !== undefined && { language }) };
  return {
    ...(deployed.transcription && { transcription }),
    ...(deployed.analysis && analysis !== false && { analysis: { ...shared, ...analysis } }),
    ...(deployed.embedding && { embedding: {} }),
    ...(deployed.speech && { speech: {} }),
    ...(deployed.custom && { custom: {} }),
  };
}

/** The options that give a job these tasks. */
export const optionsFor = ({ transcription, analysis }: JobTasks, deployed: DeployedTasks): JobOptions => ({
  ...transcription,
  ...(deployed.analysis !== undefined && { analysis: analysis ?? false }),
});

/** The tasks of a job. A row of the previous release has an analysis if it has that stage. */
export const tasksOf = ({ tasks, options, stages }: Pick<JobRow, 'tasks' | 'options' | 'stages'>): JobTasks =>
  tasks ?? tasksFor(options, { transcription: {}, ...(stages.analysis !== undefined && { analysis: {} }) });

/** The stages of some tasks, all in the same state. */
export const stagesAs = (state: StageState, tasks: ReturnType<typeof tasksIn>): JobRow['stages'] =>
  Object.fromEntries(
    tasks.flatMap(({ task, options }) => task.stages(options).map((stage) => [stage, state])),
  );

/** The units in which the tasks of a job measure their work, by task. */
export const unitsOf = (
  row: Pick<JobRow, 'tasks' | 'options' | 'stages' | 'custom'>,
): Partial<Record<TaskName, Unit>> =>
  Object.fromEntries(
    tasksIn(tasksOf(row)).map(({ task: { name, unit } }) => [name, unit ?? row.custom?.unit ?? 'item']),
  );

/** Whether the input of a job is a recording. */
export const isRecording = (row: Parameters<typeof unitsOf>[0]): boolean =>
  Object.values(unitsOf(row)).includes('audio_second');

/** The keys of a job's results, whichever release wrote them. */
export const resultKeys = ({
  results,
  transcript_key,
  analysis_key,
}: Pick<JobRow, 'results' | 'transcript_key' | 'analysis_key'>): NonNullable<JobRow['results']> => ({
  ...(transcript_key !== undefined && { transcription: transcript_key }),
  ...(analysis_key !== undefined && { analysis: analysis_key }),
  ...results,
});
