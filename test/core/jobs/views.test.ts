import type { JobStatus } from '../../../core/contract/names';
import { newJob } from '../../../core/jobs/new-job';
import { view } from '../../../core/jobs/views';

const newJobOf: Parameters<typeof newJob>[0] = {
  id: `job_${'0'.repeat(32)}`,
  tenant: 'secret tenant',
  name: 'a.mp3',
  origin: 'api',
  inputKey: 'jobs/secret key',
  analysis: false,
  options: {},
  now: new Date(0),
  uploadUntil: 60,
  retentionDays: 1,
};
const row = newJob(newJobOf);

test.each([
  [true, {}, { transcript: 'waiting', analysis: 'waiting' }],
  [true, { analysis: false as const, diarize: true }, { transcript: 'waiting', diarization: 'waiting' }],
  [false, {}, { transcript: 'waiting' }],
])(
  'a new job has the stages that its path supports and its caller requests (%s, %j)',
  (analysis, options, stages) => {
    const wanted = { ...newJobOf, analysis, options };
    expect(newJob(wanted).stages).toEqual(stages);
  },
);

describe('the view of a job', () => {
  test('shows no key, tenant or fencing token', () => {
    expect(JSON.stringify(view(row))).not.toMatch(/secret|attempt|open|sweep/);
  });

  test.each<[JobStatus, string]>([
    ['running', 'running'],
    ['failed', 'failed'],
    ['cancelled', 'skipped'],
  ])('that is %s shows a stage that was running as %s', (status, state) => {
    expect(view({ ...row, status, stages: { transcript: 'running' } }).stages).toEqual({ transcript: state });
  });

  test('keeps stages that finished before the job failed', () => {
    const stages = { transcript: 'succeeded', analysis: 'running' } as const;
    expect(view({ ...row, status: 'failed', stages }).stages).toEqual({
      transcript: 'succeeded',
      analysis: 'failed',
    });
  });
});
