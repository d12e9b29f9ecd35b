import * as z from 'zod/mini';
import type { TaskName } from '../../core/contract/names';
import type { SubmitJobRequest } from '../../core/contract/api';
import type { DeployedTasks, SubmittedTasks } from '../../core/contract/tasks';
import { shown, shownValue } from '../../core/contract/text';
import { deployedNames, tasksFor } from '../../core/jobs/job-tasks';
import { ALL_TASKS, TASKS } from '../../core/tasks';
import { optionsFault } from '../../core/tasks/custom-options';
import { beyondEngine } from '../../core/tasks/spoken-abilities';
import { Refusal } from '../frame/refusal';
import { validBody } from '../frame/valid-body';

/**
 * The tasks that a request asks for: those in `tasks`, or every task of the deployment that `options`
 * do not exclude.
 *
 * @throws Refusal (400) for an unknown task or option; (415) if a task does not take the media type
 */
export function requestedTasks(request: SubmitJobRequest, deployed: DeployedTasks): SubmittedTasks {
  const tasks = request.tasks === undefined ? implied(request, deployed) : named(request, deployed);
  const beyond = beyondEngine(tasks.transcription ?? {}, deployed.transcription ?? {});
  if (beyond !== undefined) {
    const within = request.tasks === undefined ? 'options' : 'tasks.transcription';
    throw invalid(`${within}.${beyond.option}`, beyond.message);
  }
  if (request.media_type !== undefined) refuseOtherMedia(request.media_type, tasks, deployed);
  return tasks;
}

function named({ tasks, options }: SubmitJobRequest, deployed: DeployedTasks): SubmittedTasks {
  if (options !== undefined)
    throw invalid('options', '"options" cannot be combined with "tasks"; send one of them');
  for (const name of Object.keys(tasks ?? {})) refuseOtherTask(`tasks.${name}`, name as TaskName, deployed);
  if (Object.keys(tasks ?? {}).length === 0)
    throw invalid('tasks', `"tasks" must name at least one task: ${list(deployed)}; got {}`);
  return valid(tasks, deployed);
}

function implied({ options = {} }: SubmitJobRequest, deployed: DeployedTasks): SubmittedTasks {
  const [first] = Object.keys(options);
  if (options.analysis !== undefined && options.analysis !== false)
    refuseOtherTask('options.analysis', 'analysis', deployed);
  if (first !== undefined && deployed.transcription === undefined)
    refuseOtherTask(`options.${first}`, 'transcription', deployed);
  return valid(tasksFor(options, deployed), deployed);
}

const ACCEPTED = z.object({
  tasks: z.strictObject(
    Object.fromEntries(ALL_TASKS.map(({ name, accepts }) => [name, z.optional(accepts)])),
  ) as unknown as z.ZodMiniType<SubmittedTasks>,
});

/**
 * The tasks with their options converted to those of the contract.
 *
 * @throws Refusal (400) for the first option that is not valid
 */
function valid(tasks: unknown, { custom }: DeployedTasks): SubmittedTasks {
  const accepted = validBody(ACCEPTED, { tasks }).tasks;
  if (custom === undefined || accepted.custom === undefined) return accepted;
  const fault = optionsFault(custom.options, accepted.custom);
  if (fault === undefined) return accepted;
  const param = ['tasks', 'custom', ...fault.path].join('.');
  const value = fault.path.reduce<unknown>(
    (at, key) => (at as Record<string, unknown>)[key],
    accepted.custom,
  );
  throw invalid(
    param,
    `${shown(param)} is not valid: ${fault.reason.slice(0, 200)}; got ${shownValue(value)}`,
  );
}

function refuseOtherTask(param: string, name: TaskName, deployed: DeployedTasks): void {
  if (deployedNames(deployed).includes(name)) return;
  const known = Object.hasOwn(TASKS, name) ? 'not supported by this deployment' : 'not a task';
  throw invalid(
    param,
    `${shown(param)} is ${known}. Supported tasks: ${list(deployed)}. Leave it out, or use a deployment with that task`,
  );
}

function refuseOtherMedia(given: string, tasks: SubmittedTasks, deployed: DeployedTasks): void {
  for (const name of Object.keys(tasks) as TaskName[]) {
    const types = TASKS[name].mediaTypes ?? deployed[name as 'custom']?.media_types ?? [];
    if (types.some((type) => matches(type, given))) continue;
    const message = `"media_type" must be ${types.join(' or ')} for the task ${name}; got ${shown(given)}`;
    throw new Refusal(415, 'unsupported_media_type', message, { param: 'media_type' });
  }
}

/** Whether a media type is the expected one, or of its kind (`image/*`). Ignores parameters. */
function matches(expected: string, given: string): boolean {
  const type = given.split(';')[0]!.trim().toLowerCase();
  return expected.endsWith('/*') ? type.startsWith(expected.slice(0, -1)) : type === expected;
}

const list = (deployed: DeployedTasks) => deployedNames(deployed).join(', ');

const invalid = (param: string, message: string) =>
  new Refusal(400, 'invalid_request', message, { param: param.slice(0, 100).toWellFormed() });
