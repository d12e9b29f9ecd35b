/** Minutes until a sample that is seen 60 to 120 s later is evaluated. */
const DELAY_MINUTES = 2;

/** A metric that is sampled each minute, as an alarm sees it. */
export class DelayedMetric<Sample> {
  private readonly samples: Sample[] = [];

  constructor(private readonly keep: number) {}

  add(sample: Sample): void {
    this.samples.push(sample);
    if (this.samples.length > this.keep + DELAY_MINUTES) this.samples.shift();
  }

  /** The last `count` samples that are seen; fewer if there are not so many. */
  last(count: number): Sample[] {
    const seen = this.samples.slice(0, Math.max(0, this.samples.length - DELAY_MINUTES));
    return seen.slice(-count);
  }
}
