import type { JobStatus } from '../../../core/contract/names';
import type { JobRow } from '../../../core/contract/job';
import type { JobOptions } from '../../../core/contract/work/options';
import type { CustomTask, DeployedTasks, JobTasks } from '../../../core/contract/tasks';
import { resultKeys, tasksFor, tasksOf, unitsOf } from '../../../core/jobs/job-tasks';
import { newJob } from '../../../core/jobs/new-job';
import { view } from '../../../core/jobs/views';

const newJobOf: Parameters<typeof newJob>[0] = {
  id: `job_${'0'.repeat(32)}`,
  tenant: 'secret tenant',
  name: 'a.mp3',
  origin: 'api',
  inputKey: 'jobs/secret key',
  tasks: { transcription: {} },
  deployed: { transcription: {} },
  options: {},
  now: new Date(0),
  uploadUntil: 60,
  retentionDays: 1,
};
const row = newJob(newJobOf);

const custom: CustomTask = {
  media_types: ['text/plain'],
  unit: 'token',
  result_type: 'application/json',
  options: {},
};
const BOTH: DeployedTasks = { transcription: {}, analysis: {} };

test.each<[DeployedTasks, JobOptions, JobRow['stages']]>([
  [BOTH, {}, { transcript: 'waiting', analysis: 'waiting' }],
  [BOTH, { analysis: false, diarize: true }, { transcript: 'waiting', diarization: 'waiting' }],
  [{ transcription: {} }, {}, { transcript: 'waiting' }],
  [{ custom }, {}, { custom: 'waiting' }],
])(
  'a new job has the stages of the tasks that are deployed and requested (%j, %j)',
  (deployed, options, stages) => {
    const tasks = tasksFor(options, deployed);
    expect(newJob({ ...newJobOf, tasks, deployed, options }).stages).toEqual(stages);
  },
);

describe('the tasks of a job', () => {
  test.each<[JobOptions, JobRow['stages'], JobTasks]>([
    [{ language: 'en' }, { transcript: 'waiting' }, { transcription: { language: 'en' } }],
    [
      { language: 'en', analysis: { tasks: ['summary'] } },
      { transcript: 'succeeded', analysis: 'failed' },
      { transcription: { language: 'en' }, analysis: { tasks: ['summary'], language: 'en' } },
    ],
    [{}, { transcript: 'running', analysis: 'running' }, { transcription: {}, analysis: {} }],
    [{ analysis: {} }, { transcript: 'waiting' }, { transcription: {} }],
    // Both hear the same sound track and language, unless the analysis has its own.
    [
      { track: 2, analysis: { tasks: ['summary'] } },
      { transcript: 'waiting', analysis: 'waiting' },
      { transcription: { track: 2 }, analysis: { tasks: ['summary'], track: 2 } },
    ],
    [
      { track: 2, language: 'de', analysis: { track: 1, language: 'en' } },
      { transcript: 'waiting', analysis: 'waiting' },
      { transcription: { track: 2, language: 'de' }, analysis: { track: 1, language: 'en' } },
    ],
  ])('of the previous release with options %j and stages %j are %j', (options, stages, tasks) => {
    expect(tasksOf({ options, stages })).toEqual(tasks);
  });

  test('have results by task, whichever release wrote them', () => {
    const old = { ...row, transcript_key: 'old/transcript', analysis_key: 'old/analysis' };
    expect(resultKeys(old)).toEqual({ transcription: 'old/transcript', analysis: 'old/analysis' });
    const both = { ...old, results: { transcription: 'new/transcript' } };
    expect(resultKeys(both)).toEqual({ transcription: 'new/transcript', analysis: 'old/analysis' });
    expect(view(both).results).toEqual({
      transcription: `/v1/jobs/${row.id}/transcript`,
      analysis: `/v1/jobs/${row.id}/analysis`,
    });
  });

  test('have their units, that of a custom task from its description', () => {
    const tasks = { transcription: {}, custom: {} };
    const job = newJob({ ...newJobOf, tasks, deployed: { transcription: {}, custom } });
    expect(unitsOf(job)).toEqual({ transcription: 'audio_second', custom: 'token' });
    expect(job.custom).toEqual({ unit: 'token', result_type: 'application/json' });
  });
});

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
