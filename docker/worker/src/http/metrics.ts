import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Receipt } from '../../../../core/contract/job';

/**
 * Outcome of a message. `released`: returned to the queue without a failure, because the worker
 * stops or a model service was not ready; `retried`: returned after a failure; `lost`: another
 * worker has it.
 */
export const OUTCOMES = [
  'succeeded',
  'failed',
  'cancelled',
  'released',
  'retried',
  'lost',
  'malformed',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

const SECONDS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800, 7200];

/** The worker's metrics for Prometheus. */
export class Metrics {
  readonly registry = new Registry();
  private readonly jobs = this.add(
    new Counter({
      name: 'spotscribe_worker_jobs_total',
      help: 'Processed messages, by outcome',
      labelNames: ['outcome'],
      registers: [],
    }),
  );
  private readonly parts = this.add(
    new Histogram({
      name: 'spotscribe_worker_part_seconds',
      help: 'Time of each part of a job: claim, download, model_wait, model (transcription) or the name of another task, commit, announce, delete',
      labelNames: ['part'],
      buckets: SECONDS,
      registers: [],
    }),
  );
  private readonly work = this.add(
    new Counter({
      name: 'spotscribe_worker_units_total',
      help: 'Work of succeeded jobs, by unit',
      labelNames: ['unit'],
      registers: [],
    }),
  );
  private readonly audio = this.add(
    new Counter({
      name: 'spotscribe_worker_audio_seconds_total',
      help: 'Seconds of audio of succeeded jobs',
      registers: [],
    }),
  );
  private readonly speed = this.add(
    new Histogram({
      name: 'spotscribe_worker_real_time_factor',
      help: 'Audio seconds divided by processing seconds of succeeded jobs',
      buckets: [0.1, 0.5, 1, 2, 5, 10, 20, 40, 80, 160],
      registers: [],
    }),
  );

  /**
   * @param state read with the metrics: seconds without work, and number of messages being
   * processed
   */
  constructor(state: { idleSeconds: () => number; busy: () => number }) {
    for (const outcome of OUTCOMES) this.jobs.inc({ outcome }, 0);
    this.gauge('spotscribe_worker_idle_seconds', 'Seconds without work', state.idleSeconds);
    this.gauge(
      'spotscribe_worker_jobs_in_hand',
      'Jobs that are running or waiting for the model',
      state.busy,
    );
  }

  /** @param parts duration of each part, in milliseconds */
  ended(outcome: Outcome, parts: Readonly<Record<string, number>> = {}, receipt?: Receipt): void {
    this.jobs.inc({ outcome });
    for (const [part, ms] of Object.entries(parts)) this.parts.observe({ part }, ms / 1000);
    if (receipt === undefined) return;
    for (const [unit, amount] of Object.entries(receipt.measures ?? {})) this.work.inc({ unit }, amount);
    if (receipt.audio_seconds === 0) return;
    this.audio.inc(receipt.audio_seconds);
    this.speed.observe(receipt.real_time_factor);
  }

  private gauge(name: string, help: string, read: () => number): void {
    this.add(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      }),
    );
  }

  private add<T extends Counter | Gauge | Histogram>(metric: T): T {
    this.registry.registerMetric(metric);
    return metric;
  }
}
