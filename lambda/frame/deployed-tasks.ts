import { DeployedTasks } from '../../core/contract/tasks';
import { env } from './runtime';

/** The tasks that the machines of the deployment do, from the environment. */
export const deployedTasks = (): DeployedTasks => DeployedTasks.parse(JSON.parse(env('tasks')));
