import { type Chain, newChain, type Window, withJob } from './chain';

/** A partial schedule: what it has cost besides the work, and the machines that may do more. */
interface State {
  cost: number;
  /** What the search orders by: `cost`, the price of late jobs, less what the machines may save. */
  rank: number;
  late: number;
  open: readonly Chain[];
}

export interface Search {
  /** Billed seconds of a boot. */
  boot: number;
  /** Number of jobs that may be late. */
  mayBeLate: number;
  /** Seconds that the search pays for a late job, so that it spends them where they save most. */
  price: number;
  /** Number of partial schedules that are kept. */
  width: number;
}

/** Share of a boot that an open machine is expected to save. */
const HOPE = 0.4;

/** Parts of a boot in which ends of machines count as the same. */
const GRID = 6;

/**
 * Cheapest schedule that a beam search finds, in billed seconds besides the work, and its number of
 * late jobs.
 *
 * @param jobs by arrival
 */
export function beamSearch(jobs: readonly Window[], search: Search): { cost: number; late: number } {
  let states: State[] = [{ cost: 0, rank: 0, late: 0, open: [] }];
  for (const job of jobs) states = best(states, job, search);
  const paid = ({ cost, late }: State) => cost + search.price * late;
  return states.reduce((one, other) => (paid(other) < paid(one) ? other : one));
}

function best(states: readonly State[], job: Window, search: Search): State[] {
  const found = new Map<number, State>();
  for (const state of states) {
    const open = state.open.filter(({ latest }) => job.arrival - latest < search.boot);
    for (const next of successors(state, open, job, search)) {
      const key = fingerprint(next, Math.max(1, search.boot / GRID));
      const known = found.get(key);
      if (known === undefined || next.rank < known.rank) found.set(key, next);
    }
  }
  const sorted = [...found.values()].sort((one, other) => one.rank - other.rank);
  return sorted.slice(0, search.width);
}

function* successors(
  { cost, late }: State,
  open: readonly Chain[],
  job: Window,
  search: Search,
): Generator<State> {
  const ranked = (newCost: number, newLate: number, chains: readonly Chain[]): State => {
    const hope = chains.reduce(
      (sum, { latest }) => sum + HOPE * (search.boot - Math.max(0, job.arrival - latest)),
      0,
    );
    return {
      ...{ cost: newCost, late: newLate, open: chains },
      rank: newCost + search.price * newLate - hope,
    };
  };
  // A late job costs its work only: it is done at the end of any later machine.
  if (late < search.mayBeLate) yield ranked(cost, late + 1, open);
  yield ranked(cost + search.boot, late, [...open, newChain(job)]);
  for (let index = 0; index < open.length; index++) {
    for (const { chain, idle } of withJob(open[index]!, job)) {
      if (idle >= search.boot) continue;
      yield ranked(cost + idle, late, open.toSpliced(index, 1, chain));
    }
  }
}

/**
 * Equal for states with almost the same machines, in any order. Of these only the best is kept: a beam
 * of near copies would forget the others.
 */
const fingerprint = ({ open }: State, grid: number): number =>
  open.reduce(
    (sum, { earliest, latest }) =>
      sum + Math.sin(Math.round(earliest / grid)) + Math.cos(1.7 * Math.round(latest / grid)),
    open.length,
  );
