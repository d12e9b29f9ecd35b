import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ApiClient } from '../cli/api/client';
import { pause } from '../cli/api/retry';
import type { LocalAws } from '../local';
import type { BenchContext, Benchmark } from './benchmark';
import { type Figure, median } from './figure';
import { onLocalAws } from './on-local-aws';
import { record } from './record';
import { submit } from './submit';

const JOBS = 9;
const AUDIO_SECONDS = 60;
const TARGET_MS = 150;
const LONGEST_JOB_MS = 180_000;

/** Durations in milliseconds that the worker logs for a successful job. */
const jobLine = z.object({
  job: z.string(),
  outcome: z.literal('succeeded'),
  ms: z.object({
    /** Since the time of sending that the queue records. */
    queued: z.number(),
    claim: z.number(),
    download: z.number(),
    model_wait: z.number(),
    /** From the request to the model service until its last line is read. */
    model: z.number(),
    commit: z.number(),
    announce: z.number(),
    delete: z.number(),
  }),
});
type Parts = z.infer<typeof jobLine>['ms'];

/** Time that a worker adds to the model service's time, from the queued message to its deletion. */
export const workerOverhead: Benchmark = {
  name: 'worker',
  run: async (context) => {
    const minute = join(context.folder, 'minute.flac');
    await record(minute, AUDIO_SECONDS, context.signal);
    return onLocalAws(context, { machines: true }, async (aws, api) => {
      context.say('starting a machine');
      await work(aws, api, minute, context);
      const jobs: Parts[] = [];
      for (let i = 1; i <= JOBS; i++) {
        const parts = await work(aws, api, minute, context);
        jobs.push(parts);
        context.say(`job ${i}/${JOBS}: overhead ${overhead(parts)} ms ${JSON.stringify(parts)}`);
      }
      return figures(jobs);
    });
  },
};

const overhead = (parts: Parts) => Object.values(parts).reduce((sum, ms) => sum + ms, 0) - parts.model;

function figures(jobs: Parts[]): Figure[] {
  const part = (name: string, ms: (parts: Parts) => number): Figure => {
    return { name: `worker: … ${name}`, value: median(jobs.map(ms)), unit: 'ms' };
  };
  return [
    {
      name: `worker: overhead of a ${AUDIO_SECONDS} s file`,
      value: median(jobs.map(overhead)),
      unit: 'ms',
      target: TARGET_MS,
    },
    part('receive', ({ queued }) => queued),
    part('claim', ({ claim }) => claim),
    part('download', ({ download }) => download),
    part('commit', ({ commit }) => commit),
    part('announce', ({ announce }) => announce),
    part('delete the message', (ms) => ms.delete),
    part('beside: the model service', ({ model }) => model),
  ];
}

/** Transcribes a file with an idle worker, and reads the durations in the worker's log. */
async function work(aws: LocalAws, api: ApiClient, file: string, { signal }: BenchContext): Promise<Parts> {
  const id = await submit(api, file, signal);
  // Reads the logs instead of the API: requests would slow down the worker.
  for (const deadline = Date.now() + LONGEST_JOB_MS; Date.now() < deadline;) {
    const line = workerLines(aws).find((each) => each.includes(id) && each.includes('"outcome"'));
    if (line !== undefined) return jobLine.parse(JSON.parse(line)).ms;
    await pause(300, signal);
  }
  throw new Error(
    `Job ${id} did not end within ${LONGEST_JOB_MS / 1000} s: ${JSON.stringify(aws.machines())}`,
  );
}

const workerLines = (aws: LocalAws) =>
  aws
    .machines()
    .flatMap(({ containers }) => containers.filter(({ name }) => name === 'worker'))
    .flatMap(({ log }) => readFileSync(log, 'utf8').split('\n'));
