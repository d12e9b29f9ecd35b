import { Standing } from '../../../docker/worker/src/jobs/standing';

describe('how a job stands', () => {
  it('follows the words alone where nothing else is wanted', () => {
    const standing = new Standing({ diarize: true }, false);
    expect(standing.progress).toBe(0);
    standing.words(0.6, { diarization: 'running' });
    expect(standing.progress).toBe(0.6);
    expect(standing.stages).toEqual({ transcript: 'running', diarization: 'running' });
  });

  it('counts words and meaning for half each', () => {
    const standing = new Standing({}, true);
    standing.words(1, { transcript: 'succeeded' });
    standing.meaning(0.5);
    expect(standing.progress).toBe(0.75);
    expect(standing.stages).toEqual({ transcript: 'succeeded', analysis: 'running' });
  });

  it('never falls below what was shown before', () => {
    const standing = new Standing({}, false, 0.3);
    standing.words(undefined, {});
    expect(standing.progress).toBe(0.3);
    standing.words(0.2, {});
    expect(standing.progress).toBe(0.3);
    standing.words(0.4, {});
    expect(standing.progress).toBe(0.4);
  });
});
