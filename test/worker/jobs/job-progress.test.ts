import { JobProgress } from '../../../docker/worker/src/jobs/job-progress';

describe('the progress of a job', () => {
  it('is that of the transcript if there is no analysis', () => {
    const progress = new JobProgress({ diarize: true }, false);
    expect(progress.progress).toBe(0);
    progress.transcribed(0.6, { diarization: 'running' });
    expect(progress.progress).toBe(0.6);
    expect(progress.stages).toEqual({ transcript: 'running', diarization: 'running' });
  });

  it('counts transcript and analysis half each', () => {
    const progress = new JobProgress({}, true);
    progress.transcribed(1, { transcript: 'succeeded' });
    progress.analyzed(0.5);
    expect(progress.progress).toBe(0.75);
    expect(progress.stages).toEqual({ transcript: 'succeeded', analysis: 'running' });
  });

  it('never decreases', () => {
    const progress = new JobProgress({}, false, 0.3);
    progress.transcribed(undefined, {});
    expect(progress.progress).toBe(0.3);
    progress.transcribed(0.2, {});
    expect(progress.progress).toBe(0.3);
    progress.transcribed(0.4, {});
    expect(progress.progress).toBe(0.4);
  });
});
