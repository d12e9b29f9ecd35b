import { isFinal } from '../../core/contract/names';
import type { JobView } from '../../core/contract/job';
import { ApiClient } from '../api/client';
import { pause, pollDelay } from '../api/retry';
import { CliError } from '../errors';
import { duration } from '../format';
import type { Input } from './inputs';
import { type Sent, sendAudio } from './send-audio';
import type { FileTask, Run, Watch } from './trip';

/**
 * Uploads a file to its job and does the rest within the run's time limit.
 *
 * @throws CliError `bad_audio` or `invalid_request` for an empty file, `timeout` if it takes too long
 */
export async function sendInTime<T>(
  input: Input,
  run: Run,
  watch: Watch,
  rest: (sent: Sent, trip: FileTask) => Promise<T>,
): Promise<T> {
  // Only a job without named tasks has audio for certain.
  if (input.size === 0)
    throw new CliError(run.named === undefined ? 'bad_audio' : 'invalid_request', `${input.path} is empty`);
  const deadline = new AbortController();
  const signal = AbortSignal.any([run.interruption, deadline.signal]);
  const patience = { retryForMs: run.retryForMs, signal };
  const trip: FileTask = { input, client: new ApiClient(run.connection, patience), patience, watch };
  let timer: NodeJS.Timeout | undefined;
  try {
    const sent = await run.uploads(() => {
      // The time limit does not include the wait for an upload slot.
      timer = setTimeout(() => deadline.abort(tooLate(input, run.timeoutMs)), run.timeoutMs);
      return sendAudio(trip, run);
    });
    return await rest(sent, trip);
  } finally {
    clearTimeout(timer);
  }
}

const tooLate = ({ path }: Input, timeoutMs: number) =>
  new CliError(
    'timeout',
    `${path} was not done after ${duration(timeoutMs / 1000)}. Its job continues: run the command again to fetch the result`,
  );

/** Waits until a job has ended. @param onTranscript called while the job runs, when the transcript can be read */
export async function waitFor(
  job: JobView,
  { client, patience, watch }: FileTask,
  waiting: Run['waiting'],
  onTranscript: (job: JobView) => Promise<void>,
): Promise<JobView> {
  waiting.count++;
  try {
    let current = job;
    for (let looks = 0; !ended(current); looks++) {
      const { status, stages, progress } = current;
      const isRead = status === 'running' && stages.transcript === 'succeeded';
      if (isRead) await onTranscript(current);
      if (status === 'running') watch({ at: workOf(stages, isRead), fraction: progress });
      else watch(status === 'queued' ? { at: 'queued', delay: current.delay } : { at: 'arriving' });
      const others = current.status === 'running' ? 0 : waiting.count;
      await pause(pollDelay(looks, others), patience.signal);
      current = await client.job(job.id);
    }
    return current;
  } finally {
    waiting.count--;
  }
}

/** What a running job does. No stage is `running` while the model works for other jobs. */
function workOf(stages: JobView['stages'], isRead: boolean): 'waiting' | 'running' | 'understanding' {
  const states = Object.values(stages);
  if (states.includes('waiting') && !states.includes('running')) return 'waiting';
  return isRead ? 'understanding' : 'running';
}

/**
 * Uploads a file, waits until its job has succeeded, and collects the results.
 *
 * @throws as {@link sendInTime}, and the error of a job that ended without success
 */
export const doInTime = <T>(
  input: Input,
  run: Run,
  watch: Watch,
  collect: (job: JobView, trip: FileTask) => Promise<T>,
): Promise<T> =>
  sendInTime(input, run, watch, async (sent, trip) => {
    const job = await waitFor(sent.job, trip, run.waiting, async () => undefined);
    if (job.status !== 'succeeded') throw failureOf(job);
    return collect(job, trip);
  });

const ended = ({ status }: JobView) => isFinal(status);

/** The error of a job that ended without success. */
export function failureOf({ status, error, id }: JobView): CliError {
  if (status === 'expired')
    return new CliError('expired', error?.message ?? `The input of job ${id} was not uploaded in time`);
  if (status === 'cancelled') return new CliError('cancelled', `Job ${id} was cancelled`);
  return new CliError(error?.code ?? 'internal', error?.message ?? `Job ${id} failed`);
}
