/** A machine's task, as the scheduler of a DAEMON service sees it. */
export interface Placed {
  /** Of the task definition that the service ran when the task was started. */
  revision: string;
  /** Runs, and the load balancer's checks say so too, if there is one. */
  healthy: boolean;
}

/**
 * The tasks that ECS stops now because the service has another revision: as many as leave the share of healthy ones that
 * is asked for. Those that are not healthy are none of them.
 *
 * @param tasks - one for each machine that stays
 * @param leastPercent - the service's minimum healthy percent
 */
export function toReplace<Task extends Placed>(
  tasks: readonly Task[],
  revision: string,
  leastPercent: number,
): Task[] {
  const outdated = tasks.filter((task) => task.revision !== revision);
  const healthy = tasks.filter((task) => task.healthy).length;
  const spare = Math.max(0, healthy - Math.ceil((tasks.length * leastPercent) / 100));
  return [
    ...outdated.filter((task) => !task.healthy),
    ...outdated.filter((task) => task.healthy).slice(0, spare),
  ];
}
