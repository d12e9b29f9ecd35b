import { TranscriptSoFar } from '../../../docker/worker/src/tasks/transcript-so-far';
import { segmentAt } from '../../support/model-server';

describe('a transcription', () => {
  it('has only the segments of finished windows in its checkpoint', () => {
    const transcription = new TranscriptSoFar();
    transcription.take({ type: 'segment', segment: segmentAt(0) });
    expect(transcription.checkpoint()).toEqual({ end: 0, segments: [] });
    transcription.take({ type: 'window', end: 10, progress: 0.25 });
    transcription.take({ type: 'segment', segment: segmentAt(10, 1) });
    expect(transcription.checkpoint()).toEqual({ end: 10, segments: [segmentAt(0)] });
    expect(transcription.progress).toBe(0.25);
  });

  it('continues an earlier attempt, with the progress given by the service', () => {
    const earlier = { end: 20, segments: [segmentAt(0), segmentAt(10, 1)], processing_seconds: 1 };
    const transcription = new TranscriptSoFar(earlier);
    transcription.take({ type: 'started', duration: 40, engine: 'e', model: 'm' });
    expect(transcription.progress).toBeUndefined();
    expect(transcription.checkpoint()).toEqual({ end: 20, segments: earlier.segments });
    transcription.take({ type: 'segment', segment: segmentAt(20, 2) });
    transcription.take({ type: 'window', end: 30, progress: 0.75 });
    expect(transcription.checkpoint()).toEqual({
      end: 30,
      segments: [segmentAt(0), segmentAt(10, 1), segmentAt(20, 2)],
    });
    expect(earlier.segments).toHaveLength(2);
  });

  it('has the degradations of all windows in its checkpoint, including earlier attempts', () => {
    const lost = { stage: 'alignment', reason: 'The aligner was away.' } as const;
    const earlier = { end: 20, segments: [segmentAt(0)], degraded: [lost], processing_seconds: 1 };
    const transcription = new TranscriptSoFar(earlier);
    expect(transcription.checkpoint().degraded).toEqual([lost]);
    const cut = { stage: 'transcript', reason: 'The context was cut.' } as const;
    transcription.take({ type: 'window', end: 30, progress: 0.75, degraded: [lost, cut] });
    expect(transcription.checkpoint().degraded).toEqual([lost, cut]);
  });

  it('follows the stages reported by the service', () => {
    const transcription = new TranscriptSoFar();
    expect(transcription.stages).toEqual({});
    transcription.take({ type: 'window', end: 40, progress: 0.6 });
    transcription.take({ type: 'stage', stage: 'diarization', state: 'running', progress: 0.7 });
    expect(transcription.stages).toEqual({ diarization: 'running' });
    expect(transcription.progress).toBe(0.7);
    expect(transcription.checkpoint().end).toBe(40);
  });
});
