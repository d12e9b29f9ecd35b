import type { Rates } from '../../../../core/fleet/work-rates';
import { UNITS } from '../../../../core/contract/names';
import type { Measures } from '../../../../core/contract/values';

/** A finished job. */
export interface FinishedWork {
  /** Its work by unit. */
  measures: Measures;
  /** Seconds for which a model worked on it. */
  seconds: number;
  /** Size of its input. */
  bytes: number;
}

/** Weight that earlier jobs keep after another one: the last five have two thirds. */
const KEPT = 0.8;

/** Work of so many seconds says how fast a machine is. */
const TELLING_SECONDS = 5;

/** Work by unit, and what it took. Old work counts less and less. */
class Ratio {
  private readonly amounts: Measures = {};
  private readonly costs: Measures = {};

  add(amounts: Measures, cost: number): void {
    for (const unit of UNITS) {
      const amount = amounts[unit];
      if (amount === undefined) continue;
      this.amounts[unit] = (this.amounts[unit] ?? 0) * KEPT + amount;
      this.costs[unit] = (this.costs[unit] ?? 0) * KEPT + cost;
    }
  }

  /** Units that were never measured, or of which there was no work, are missing. */
  get measures(): Measures {
    return Object.fromEntries(
      UNITS.flatMap((unit) => {
        const { [unit]: amount = 0 } = this.amounts;
        const { [unit]: cost = 0 } = this.costs;
        return amount > 0 && cost > 0 ? [[unit, amount / cost]] : [];
      }),
    );
  }
}

/** How fast this worker is, and how much work a byte of input has, learnt from the jobs that it finished. */
export class LearntRates implements Rates {
  private readonly bySecond = new Ratio();
  private readonly byByte = new Ratio();
  private seconds = 0;

  learn({ measures, seconds, bytes }: FinishedWork): void {
    this.seconds += seconds;
    this.bySecond.add(measures, seconds);
    this.byByte.add(measures, bytes);
  }

  /** Units of work in a second. Empty until there was enough work. */
  get speeds(): Measures {
    return this.seconds < TELLING_SECONDS ? {} : this.bySecond.measures;
  }

  /** Units of work in a byte of input. */
  get densities(): Measures {
    return this.byByte.measures;
  }
}
