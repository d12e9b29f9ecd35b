import {
  type CallCounts,
  CALL_FAULTS,
  failedCalls,
  FAULTY_SERVICES,
  type FaultyService,
} from './call-faults';
import type { Findings } from './check';
import type { KillSignal } from './worker-slot';

/** What a run did and found. */
export interface RunResult {
  jobs: number;
  seconds: number;
  kills: Record<KillSignal, number>;
  /** Kills that the time did not allow. */
  killsLeft: number;
  calls: Record<FaultyService, CallCounts>;
  /** Messages that were sent once more, and messages that two workers received at once. */
  duplicates: { sent: number; received: number };
  /** Attempts that continued from a checkpoint. */
  resumed: number;
  /** Attempts by their outcome, as the workers logged them. */
  outcomes: Record<string, number>;
  deadLetters: number;
  /** How workers ended that did not end in order. */
  disorderly: string[];
  findings: Findings;
}

/** The figures that must be zero, by what they count. */
export function violations({
  findings,
  deadLetters,
  disorderly,
  killsLeft,
}: RunResult): Record<string, number> {
  const { lost, doubled, buried, wrong, overcharged } = findings;
  return {
    'jobs lost': lost.length,
    'jobs with two committed results': doubled.length,
    'jobs buried, and dead letters': buried.length + deadLetters,
    'jobs with a wrong transcript': wrong.length,
    'seconds of audio counted too often or not at all': Math.abs(overcharged),
    'workers that crashed or did not stop in order': disorderly.length,
    'kills left out': killsLeft,
  };
}

/** Whether every figure that must be zero is zero. */
export const holds = (result: RunResult): boolean =>
  Object.values(violations(result)).every((count) => count === 0);

/** The result as text. */
export function summary(result: RunResult): string {
  const { jobs, seconds, kills, calls, duplicates, resumed, outcomes, findings } = result;
  const { reruns, mostAttempts, littered } = findings;
  const service = (name: FaultyService) => {
    const faults = CALL_FAULTS.map((fault) => `${calls[name][fault]} ${fault}`).join(', ');
    return `${failedCalls(calls[name])} of ${calls[name].calls} calls failed (${faults})`;
  };
  const lines: [string, string | number][] = [
    ['jobs', `${jobs} in ${Math.round(seconds)} s`],
    ['kills', `${kills.SIGKILL} SIGKILL, ${kills.SIGTERM} SIGTERM`],
    ...FAULTY_SERVICES.map((name): [string, string] => [name, service(name)]),
    ['messages sent twice', duplicates.sent],
    ['messages received twice at once', duplicates.received],
    ['re-runs', `${reruns} (${mostAttempts} attempts at most, ${resumed} from a checkpoint)`],
    [
      'outcomes',
      Object.entries(outcomes)
        .map(([outcome, count]) => `${count} ${outcome}`)
        .join(', '),
    ],
    ['jobs with other objects left', littered.length],
    ...Object.entries(violations(result)),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}
