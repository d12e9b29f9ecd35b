import { Turns } from '../../../docker/worker/src/services/turns';

let working: string[];
const begin = (name: string) => () => {
  working.push(name);
  return () => void working.splice(working.indexOf(name), 1);
};

beforeEach(() => {
  working = [];
});

describe('turns', () => {
  it('pause who gives way while the service works for another caller', () => {
    const turns = new Turns();
    const analysis = turns.begin(true, begin('analysis'));
    expect([working, analysis.isPaused]).toEqual([['analysis'], false]);
    const transcripts = ['first', 'second'].map((name) => turns.begin(false, begin(name)));
    expect([working, analysis.isPaused]).toEqual([['first', 'second'], true]);
    transcripts[0]!.end();
    expect([working, transcripts[1]!.isPaused]).toEqual([['second'], false]);
    transcripts[1]!.end();
    expect([working, analysis.isPaused]).toEqual([['analysis'], false]);
    analysis.end();
    expect(working).toEqual([]);
  });

  it('end a paused one for good', () => {
    const turns = new Turns();
    const transcript = turns.begin(false, begin('transcript'));
    const analysis = turns.begin(true, begin('analysis'));
    expect(working).toEqual(['transcript']);
    analysis.end();
    transcript.end();
    expect(working).toEqual([]);
  });
});
