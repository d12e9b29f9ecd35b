/** The processes of a machine from the view of the scheduler of ECS. */
export interface Placed {
  /** Revision of the specification when they started. */
  revision: string;
  /** Whether they run and pass the load balancer's checks, if there is a load balancer. */
  healthy: boolean;
}

/**
 * The outdated tasks that ECS stops now: all unhealthy ones, and as many healthy ones as the
 * minimum healthy percent permits.
 *
 * @param tasks - one for each machine that is not leaving
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
