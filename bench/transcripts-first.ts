import { join } from 'node:path';
import type { ApiClient } from '../cli/api/client';
import { pause } from '../cli/api/retry';
import type { JobView } from '../core/contract/job';
import type { BenchContext, Benchmark } from './benchmark';
import { median } from './figure';
import { onLocalAws } from './on-local-aws';
import { record } from './record';
import { submit } from './submit';

const ROUNDS = 3;
const AUDIO_SECONDS = 300;
/** Its analysis goes on for longer than the transcription of the other recording takes. */
const LONG_AUDIO_SECONDS = 900;
const TARGET = 1.2;
const LONGEST_MS = 300_000;

/**
 * Time to the transcript of a job that comes while one machine with one model analyzes another recording, compared with the
 * same job on an idle machine.
 */
export const transcriptsFirst: Benchmark = {
  name: 'transcripts-first',
  run: async (context) => {
    const [short, long] = ['short.flac', 'long.flac'].map((name) => join(context.folder, name)) as [
      string,
      string,
    ];
    await record(short, AUDIO_SECONDS, context.signal);
    await record(long, LONG_AUDIO_SECONDS, context.signal);
    const settings = { maxMachines: '1', idleMinutes: '10' };
    return onLocalAws(context, { machines: true, path: 'Voxtral', settings }, async (_, api) => {
      const run = new Run(api, context);
      context.say('starting a machine');
      await run.ended(await run.submit(short));
      const alone: number[] = [];
      const behind: number[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        alone.push(await run.secondsToTranscript(short));
        const other = await run.submit(long);
        await run.until(other, ({ stages }) => stages.analysis === 'running');
        behind.push(await run.secondsToTranscript(short, other));
        const [first, second] = [alone, behind].map((values) => values.at(-1)?.toFixed(2));
        context.say(`round ${round}/${ROUNDS}: ${first} s alone, ${second} s behind an analysis`);
      }
      const ratio = median(behind.map((seconds, round) => seconds / (alone[round] ?? NaN)));
      return [
        { name: 'transcripts first: behind an analysis / alone', value: ratio, unit: '×', target: TARGET },
        { name: `transcripts first: … ${AUDIO_SECONDS} s alone`, value: median(alone), unit: 's' },
        { name: 'transcripts first: … behind an analysis', value: median(behind), unit: 's' },
      ];
    });
  },
};

class Run {
  constructor(
    private readonly api: ApiClient,
    private readonly context: BenchContext,
  ) {}

  submit(file: string): Promise<string> {
    return submit(this.api, file, this.context.signal);
  }

  /** Seconds from the upload. Waits until all jobs have ended. @param beside a job whose analysis must still run */
  async secondsToTranscript(file: string, beside?: string): Promise<number> {
    const id = await this.submit(file);
    const began = performance.now();
    await this.until(id, ({ stages }) => stages.transcript === 'succeeded');
    const seconds = (performance.now() - began) / 1000;
    if (beside !== undefined) {
      const { status } = await this.api.job(beside);
      if (status !== 'running') throw new Error('The analysis has ended too early: nothing was measured');
      await this.ended(beside);
    }
    await this.ended(id);
    return seconds;
  }

  async ended(id: string): Promise<void> {
    await this.until(id, ({ status }) => status === 'succeeded');
  }

  async until(id: string, isSo: (job: JobView) => boolean): Promise<void> {
    for (const deadline = Date.now() + LONGEST_MS; Date.now() < deadline;) {
      if (isSo(await this.api.job(id))) return;
      await pause(100, this.context.signal);
    }
    throw new Error(`Job ${id} did not get on within ${LONGEST_MS / 1000} s`);
  }
}
