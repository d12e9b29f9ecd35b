import { JobProgress } from '../../../docker/worker/src/jobs/job-progress';

describe('how a job stands', () => {
  it('follows the words alone where nothing else is wanted', () => {
    const progress = new JobProgress({ diarize: true }, false);
    expect(progress.progress).toBe(0);
    progress.transcribed(0.6, { diarization: 'running' });
    expect(progress.progress).toBe(0.6);
    expect(progress.stages).toEqual({ transcript: 'running', diarization: 'running' });
  });

  it('counts words and meaning for half each', () => {
    const progress = new JobProgress({}, true);
    progress.transcribed(1, { transcript: 'succeeded' });
    progress.analyzed(0.5);
    expect(progress.progress).toBe(0.75);
    expect(progress.stages).toEqual({ transcript: 'succeeded', analysis: 'running' });
  });

  it('never falls below what was shown before', () => {
    const progress = new JobProgress({}, false, 0.3);
    progress.transcribed(undefined, {});
    expect(progress.progress).toBe(0.3);
    progress.transcribed(0.2, {});
    expect(progress.progress).toBe(0.3);
    progress.transcribed(0.4, {});
    expect(progress.progress).toBe(0.4);
  });
});
