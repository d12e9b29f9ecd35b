import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient } from '../../cli/api/client';
import { pause } from '../../cli/api/retry';
import type { BenchContext } from '../benchmark';
import { type Random, seeded } from '../fleet/random';
import { onLocalAws } from '../on-local-aws';
import { isRepeated } from './call-faults';
import { check } from './check';
import { FaultAws } from './fault-aws';
import { FaultProxy } from './fault-proxy';
import { killPlan } from './kill-plan';
import type { RunOptions } from './options';
import { recordings } from './recordings';
import type { RunResult } from './result';
import { Submission } from './submission';
import { WorkerSlots } from './worker-slots';

/** The shortest one that can be set. A job whose worker was killed is received again after it. */
const VISIBILITY_SECONDS = '6';

/** Pause between looks at the jobs, in milliseconds. */
const LOOK_MS = 500;

/** Progress is reported after so many kills. */
const REPORTED_KILLS = 10;

/**
 * Runs jobs on an AWS on this machine while workers are killed, calls fail and messages come twice,
 * and checks the results.
 *
 * @throws the signal's reason if aborted, after all started processes have ended
 */
export function runFaults(options: RunOptions, context: BenchContext): Promise<RunResult> {
  const settings = { visibilitySeconds: VISIBILITY_SECONDS, minutesPerDayPerKey: '1000000' };
  return onLocalAws(context, { machines: false, settings }, async (local, api) => {
    const aws = new FaultAws(local);
    const random = seeded(options.seed);
    let received = 0;
    const proxy = await FaultProxy.start({
      target: local.endpoint,
      random: seeded(options.seed + 1),
      onReceive: (receiptHandle) => {
        if (!isRepeated(random)) return;
        received++;
        // The worker may have deleted it meanwhile.
        aws.showAgain(receiptHandle).catch(() => undefined);
      },
    });
    const folder = join(context.folder, 'workers');
    mkdirSync(folder);
    const workers = await WorkerSlots.start(options.workers, await aws.machineSpec(), folder, proxy.url);
    try {
      const run = new FaultRun(options, context, aws, api, workers);
      const result = await run.result(random);
      return { ...result, calls: proxy.counts, duplicates: { ...result.duplicates, received } };
    } finally {
      await workers.stop();
      await proxy.stop();
    }
  });
}

class FaultRun {
  private readonly submission: Submission;
  private readonly start = new Date();
  private readonly deadline: number;
  private readonly failing = new AbortController();
  private readonly signal: AbortSignal;

  constructor(
    private readonly options: RunOptions,
    private readonly context: BenchContext,
    private readonly aws: FaultAws,
    api: ApiClient,
    private readonly workers: WorkerSlots,
  ) {
    this.signal = AbortSignal.any([context.signal, this.failing.signal]);
    this.submission = new Submission(aws, api, join(context.folder, 'recordings'), this.signal);
    this.deadline = this.start.getTime() + options.minutes * 60_000;
  }

  async result(random: Random): Promise<Omit<RunResult, 'calls'>> {
    const { aws, workers, submission, options, context } = this;
    const killsLeft = await this.work(random);
    const seconds = (Date.now() - this.start.getTime()) / 1000;
    context.say('stopping the workers');
    await workers.stop();
    context.say('checking the results');
    return {
      ...{ jobs: options.jobs, seconds, kills: workers.kills, killsLeft },
      duplicates: { sent: submission.sentTwice, received: 0 },
      ...{ resumed: workers.resumed, outcomes: workers.outcomes(), disorderly: workers.disorderly },
      deadLetters: await aws.messages('deadLetterQueueUrl'),
      findings: await check(aws, submission.jobs, this.start),
    };
  }

  /** Lets the workers work until every job has ended. @returns the kills that were left out */
  private async work(random: Random): Promise<number> {
    const { jobs, kills } = this.options;
    const plan = killPlan(kills, random);
    const made = recordings(jobs, random);
    const submitted = this.submission.submitAll(made, random).catch((error: unknown) => {
      // Otherwise the kills would wait for jobs that never come.
      this.failing.abort(error);
      throw error;
    });
    const [left] = await Promise.all([this.killAlong(plan), submitted]);
    await this.settled();
    return left;
  }

  /** Kills workers while the jobs go on. @returns the kills that were left out */
  private async killAlong(plan: ReturnType<typeof killPlan>): Promise<number> {
    const { options, context, workers } = this;
    for (const [index, kill] of plan.entries()) {
      let ended = await this.ended();
      while (ended < Math.floor(kill.after * options.jobs)) {
        if (this.isLate) return plan.length - index;
        await pause(LOOK_MS, this.signal);
        ended = await this.ended();
      }
      await pause(kill.pauseMs, this.signal);
      await workers.kill(kill, this.signal);
      if ((index + 1) % REPORTED_KILLS === 0)
        context.say(`${index + 1} of ${plan.length} kills, ${ended} of ${options.jobs} jobs ended`);
    }
    return 0;
  }

  /** Waits until all jobs have ended and the queue is empty, or nothing can change any more. */
  private async settled(): Promise<void> {
    const { aws, context } = this;
    for (let looks = 1; !this.isLate; looks++) {
      const [open, waiting, dead] = await Promise.all([
        aws.openJobs(),
        aws.messages('queueUrl'),
        aws.messages('deadLetterQueueUrl'),
      ]);
      if (waiting === 0 && (open === 0 || dead > 0)) return;
      if (looks % 20 === 0) context.say(`${open} jobs open, ${waiting} messages, ${dead} dead letters`);
      await pause(LOOK_MS, this.signal);
    }
  }

  private async ended(): Promise<number> {
    return this.submission.jobs.length - (await this.aws.openJobs());
  }

  private get isLate(): boolean {
    return Date.now() > this.deadline;
  }
}
