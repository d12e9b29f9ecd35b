import type { Work } from './work-queue';

/** Seconds from a request to the first billed second. */
export const UNBILLED_SECONDS = 30;

/** Seconds from a spot notice to the end of the machine. */
export const NOTICE_SECONDS = 120;

/** A job's finished windows of so many seconds of audio survive an interruption. */
const WINDOW_SECONDS = 60;

/** Seconds of a job besides its audio. */
export const OVERHEAD_SECONDS = 3;

export interface Machine {
  id: number;
  requested: number;
  /** When it takes its first job; infinite if its worker never starts. */
  ready: number;
  state: 'booting' | 'idle' | 'busy' | 'ended';
  noticed: boolean;
  /** Since when it is in its state. */
  since: number;
  job?: Work;
}

export const billedSeconds = (requested: number, end: number): number =>
  Math.max(0, end - requested - UNBILLED_SECONDS);

export const jobSeconds = (audio: number, speed: number): number => OVERHEAD_SECONDS + audio / speed;

/** Seconds of audio that a job has done before an interruption, and those that it does not do again. */
export function doneAudio(worked: number, speed: number): { done: number; kept: number } {
  const done = Math.max(0, worked - OVERHEAD_SECONDS) * speed;
  return { done, kept: Math.floor(done / WINDOW_SECONDS) * WINDOW_SECONDS };
}
