import { noCalls } from '../../../bench/faults/call-faults';
import { holds, type RunResult, summary, violations } from '../../../bench/faults/result';

const RESULT: RunResult = {
  ...{ jobs: 10, seconds: 60, kills: { SIGKILL: 2, SIGTERM: 1 }, killsLeft: 0 },
  calls: { dynamodb: { ...noCalls(), calls: 9, reset: 1, delayed: 3 }, s3: noCalls(), sqs: noCalls() },
  ...{ duplicates: { sent: 1, received: 2 }, resumed: 1, outcomes: { succeeded: 10 } },
  ...{ deadLetters: 0, disorderly: [] },
  findings: {
    ...{ lost: [], doubled: [], buried: [], wrong: [], littered: [] },
    ...{ reruns: 4, mostAttempts: 3, overcharged: 0 },
  },
};
const found = (findings: Partial<RunResult['findings']>): RunResult => ({
  ...RESULT,
  findings: { ...RESULT.findings, ...findings },
});

it('prints what was done and what was found', () => {
  const text = summary(RESULT);
  expect(text).toMatch(/^kills +2 SIGKILL, 1 SIGTERM$/m);
  expect(text).toMatch(/^dynamodb +1 of 9 calls failed \(1 reset, 0 refused, 0 unanswered, 3 delayed\)$/m);
  expect(text).toMatch(/^re-runs +4 \(3 attempts at most, 1 from a checkpoint\)$/m);
  expect(text).toMatch(/^jobs lost +0$/m);
});

it('holds with re-runs, and with objects that are no results', () => {
  expect(holds(RESULT)).toBe(true);
  expect(holds(found({ littered: ['job_1'] }))).toBe(true);
});

it.each<[string, RunResult]>([
  ['a lost job', found({ lost: ['job_1'] })],
  ['two results', found({ doubled: ['job_1'] })],
  ['a buried job', found({ buried: ['job_1'] })],
  ['a dead letter', { ...RESULT, deadLetters: 1 }],
  ['a wrong transcript', found({ wrong: ['job_1'] })],
  ['usage that was counted twice', found({ overcharged: 5 })],
  ['usage that was not counted', found({ overcharged: -5 })],
  ['a worker that crashed', { ...RESULT, disorderly: ['no signal: 1'] }],
  ['kills that were left out', { ...RESULT, killsLeft: 1 }],
])('does not hold with %s', (_, result) => {
  expect(holds(result)).toBe(false);
  expect(Object.values(violations(result)).filter((count) => count > 0)).toHaveLength(1);
});
