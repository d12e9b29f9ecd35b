import { Transcription } from '../../docker/worker/src/transcription';
import type { Transcript } from '../../lambda/contract';
import { segmentAt } from './model-server';

const result = (starts: number[]): Transcript => ({
  version: 1,
  engine: { name: 'pocketsphinx', model: 'test' },
  language: 'en',
  duration: 40,
  text: starts.map((start) => `word ${start}`).join(' '),
  segments: starts.map((start, id) => segmentAt(start, id)),
  degraded: [{ stage: 'alignment', reason: 'none' }],
});

describe('a transcription', () => {
  it('keeps in its checkpoint the segments of finished windows alone', () => {
    const transcription = new Transcription();
    transcription.take({ type: 'segment', segment: segmentAt(0) });
    expect(transcription.checkpoint()).toEqual({ end: 0, segments: [] });
    transcription.take({ type: 'window', end: 10, progress: 0.25 });
    transcription.take({ type: 'segment', segment: segmentAt(10, 1) });
    expect(transcription.checkpoint()).toEqual({ end: 10, segments: [segmentAt(0)] });
    expect(transcription.progress).toBe(0.25);
  });

  it('sews what an earlier attempt heard to the rest, and numbers the segments anew', () => {
    const transcription = new Transcription({
      end: 20,
      segments: [segmentAt(0), segmentAt(10, 1)],
      processing_seconds: 1,
    });
    transcription.take({ type: 'started', duration: 40, engine: 'e', model: 'm' });
    expect(transcription.progress).toBe(0.5);
    transcription.take({ type: 'segment', segment: segmentAt(20, 0) });
    transcription.take({ type: 'window', end: 30, progress: 0.75 });
    expect(transcription.checkpoint()).toEqual({
      end: 30,
      segments: [segmentAt(0), segmentAt(10, 1), segmentAt(20, 2)],
    });
    transcription.take({ type: 'result', transcript: result([20, 30]) });
    expect(transcription.transcript).toEqual({
      ...result([0, 10, 20, 30]),
      degraded: [{ stage: 'alignment', reason: 'none' }],
    });
  });

  it('has no transcript before the result', () => {
    const transcription = new Transcription();
    transcription.take({ type: 'window', end: 40, progress: 1 });
    expect(transcription.transcript).toBeUndefined();
  });
});
