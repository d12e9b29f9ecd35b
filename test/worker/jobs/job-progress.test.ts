import { JobProgress } from '../../../docker/worker/src/jobs/job-progress';

describe('the progress of a job', () => {
  it('is that of its only task', () => {
    const progress = new JobProgress({ transcription: { diarize: true } });
    expect(progress.progress).toBe(0);
    expect(progress.stages).toEqual({ transcript: 'waiting', diarization: 'waiting' });
    progress.begin('transcription');
    expect(progress.stages).toEqual({ transcript: 'running', diarization: 'waiting' });
    progress.set('transcription', 0.6, { diarization: 'running' });
    expect(progress.progress).toBe(0.6);
    expect(progress.stages).toEqual({ transcript: 'running', diarization: 'running' });
  });

  it('counts all tasks the same', () => {
    const progress = new JobProgress({ transcription: {}, analysis: {} });
    progress.begin('transcription');
    expect(progress.stages).toEqual({ transcript: 'running', analysis: 'waiting' });
    progress.set('transcription', 1, { transcript: 'succeeded' });
    progress.begin('analysis');
    progress.set('analysis', 0.5);
    expect(progress.progress).toBe(0.75);
    expect(progress.progressOf(['transcription'])).toBe(1);
    expect(progress.stages).toEqual({ transcript: 'succeeded', analysis: 'running' });
    // It goes on after a pause.
    progress.begin('transcription');
    expect(progress.stages).toEqual({ transcript: 'succeeded', analysis: 'running' });
  });

  it('never decreases', () => {
    const progress = new JobProgress({ custom: {} }, 0.3);
    progress.set('custom', undefined);
    expect(progress.progress).toBe(0.3);
    progress.set('custom', 0.2);
    expect(progress.progress).toBe(0.3);
    progress.set('custom', 0.4);
    expect(progress.progress).toBe(0.4);
  });
});
