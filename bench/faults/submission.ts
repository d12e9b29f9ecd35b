import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { ApiClient } from '../../cli/api/client';
import { pause } from '../../cli/api/retry';
import { between, type Random } from '../fleet/random';
import { submit } from '../submit';
import type { SubmittedJob } from './check';
import type { FaultAws } from './fault-aws';
import type { Recording } from './recordings';

/** Jobs that are submitted at the same time. */
const AT_ONCE = 4;

/** Share of the jobs whose message is sent once more. */
const TWICE_SHARE = 0.1;

/** Longest time after a job's submission until its message is sent once more, in milliseconds. */
const LONGEST_MS = 30_000;

/** Submits a job for each recording, and sends the messages of some once more. */
export class Submission {
  readonly jobs: SubmittedJob[] = [];
  /** Messages that were sent once more. */
  sentTwice = 0;

  constructor(
    private readonly aws: FaultAws,
    private readonly api: ApiClient,
    /** For the files of the recordings. */
    private readonly folder: string,
    private readonly signal: AbortSignal,
  ) {
    mkdirSync(folder);
  }

  async submitAll(recordings: readonly Recording[], random: Random): Promise<void> {
    const limit = pLimit(AT_ONCE);
    const again: Promise<void>[] = [];
    // Chosen in advance: the order in which jobs are submitted depends on their answers.
    const chosen = recordings.map((recording) => {
      const twice = random() < TWICE_SHARE;
      return { recording, againMs: twice ? between(random, 0, LONGEST_MS) : undefined };
    });
    await Promise.all(
      chosen.map(({ recording, againMs }) =>
        limit(async () => {
          const id = await this.submit(recording);
          if (againMs === undefined) return;
          const sent = this.sendAgain(id, againMs);
          // Awaited only after the submissions: an abort before that is no unhandled rejection.
          sent.catch(() => undefined);
          again.push(sent);
        }),
      ),
    );
    await Promise.all(again);
  }

  private async submit(recording: Recording): Promise<string> {
    const path = join(this.folder, recording.name);
    writeFileSync(path, recording.bytes);
    const id = await submit(this.api, path, this.signal);
    this.jobs.push({ id, recording });
    return id;
  }

  private async sendAgain(id: string, afterMs: number): Promise<void> {
    await pause(afterMs, this.signal);
    await this.aws.sendAgain(id);
    this.sentTwice++;
  }
}
