/** The work of a service for one caller. */
export interface Turn {
  /** Whether it has given way: the service works for another caller. */
  readonly isPaused: boolean;
  end: () => void;
}

/**
 * Called when a service begins to work for a job, also after a pause.
 *
 * @returns a function that is called when the work pauses or ends
 */
export type Begin = () => () => void;

class Work {
  private stop: (() => void) | undefined;

  constructor(private readonly begin: Begin) {}

  get isPaused(): boolean {
    return this.stop === undefined;
  }

  resume(): void {
    this.stop ??= this.begin();
  }

  pause(): void {
    this.stop?.();
    this.stop = undefined;
  }
}

/** For whom a service works: who gives way pauses while it works for somebody else. */
export class Turns {
  private readonly ahead = new Set<Work>();
  private readonly behind = new Set<Work>();

  begin(givesWay: boolean, begin: Begin): Turn {
    const work = new Work(begin);
    const works = givesWay ? this.behind : this.ahead;
    works.add(work);
    this.update();
    return {
      get isPaused() {
        return work.isPaused;
      },
      end: () => {
        works.delete(work);
        work.pause();
        this.update();
      },
    };
  }

  private update(): void {
    for (const work of this.ahead) work.resume();
    for (const work of this.behind) {
      if (this.ahead.size > 0) work.pause();
      else work.resume();
    }
  }
}
