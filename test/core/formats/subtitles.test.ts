import type { Segment, Transcript } from '../../../core/contract/work/transcript';
import type { Layout } from '../../../core/formats/cue-lines';
import { cues } from '../../../core/formats/cues';
import { srt, vtt } from '../../../core/formats/formats';

describe('cues of random speech', () => {
  const layout: Layout = { maxLineWidth: 37, maxLineCount: 2, highlightWords: false };
  const segments = randomSegments(300);
  const found = cues(segments, layout, true, Infinity);

  test('follow each other without overlaps, and end after they start', () => {
    found.forEach(({ start, end }, index) => {
      expect(end).toBeGreaterThan(start);
      expect(end).toBeLessThanOrEqual(found[index + 1]?.start ?? Infinity);
      expect(end - start).toBeLessThanOrEqual(7000);
    });
  });

  test('hold every word once, each within its speaker', () => {
    const said = (speaker: string) =>
      found
        .filter((cue) => cue.speaker === speaker)
        .flatMap(({ lines }) => lines.flat().map(({ text }) => text));
    const given = (speaker: string) =>
      segments
        .filter((segment) => segment.speaker === speaker)
        .flatMap(({ words }) => words.map(({ word }) => word));
    for (const speaker of ['A', 'B']) expect(said(speaker).sort()).toEqual(given(speaker).sort());
  });

  test('keep to their lines', () => {
    const text = srt({ segments, duration: Infinity } as Transcript, layout);
    for (const block of text.trimEnd().split('\n\n')) {
      const [, , ...rows] = block.split('\n');
      expect(rows.length).toBeLessThanOrEqual(2);
      for (const row of rows) expect(row.length).toBeLessThanOrEqual(37);
    }
  });
});

test('no cue stays after the audio, neither to be read nor where a word ends later', () => {
  const layout: Layout = { maxLineWidth: 42, maxLineCount: 2, highlightWords: false };
  const segment = (words: { word: string; start: number; end: number }[]): Segment => ({
    id: 0,
    start: words[0]!.start,
    end: words.at(-1)!.end,
    text: words.map(({ word }) => word).join(' '),
    words,
  });
  const short = segment([{ word: 'Goodbye.', start: 9.7, end: 9.8 }]);
  expect(cues([short], layout, false, 20)[0]!.end).toBeGreaterThan(10_000);
  expect(cues([short], layout, false, 10)).toMatchObject([{ start: 9700, end: 10_000 }]);
  const late = segment([{ word: 'Goodbye.', start: 9.7, end: 10.3 }]);
  const transcript = { segments: [late], duration: 10 } as Transcript;
  expect(srt(transcript, layout)).toContain('00:00:09,700 --> 00:00:10,000');
  expect(vtt(transcript, layout)).toContain('00:00:09.700 --> 00:00:10.000');
  // What begins with the end is shown for two frames.
  const after = {
    segments: [segment([{ word: 'Bye.', start: 10.2, end: 10.3 }])],
    duration: 10,
  } as Transcript;
  expect(srt(after, layout)).toContain('00:00:09,917 --> 00:00:10,000');
});

test('people who speak at once at the end share the time that is left', () => {
  const layout: Layout = { maxLineWidth: 42, maxLineCount: 2, highlightWords: false };
  const voices = ['A', 'B', 'C'].map((speaker, id): Segment => {
    const start = 9 + id / 10;
    return { id, start, end: 10, text: speaker, words: [{ word: speaker, start, end: 10 }], speaker };
  });
  expect(cues(voices, layout, false, 10).map(({ start }) => start)).toEqual([9000, 9333, 9666]);
});

test.each([0.2, 0.5, 0.9, 0.99, 1])('every cue is within audio that ends after %d of the speech', (share) => {
  const layout: Layout = { maxLineWidth: 37, maxLineCount: 2, highlightWords: false };
  const segments = randomSegments(100);
  const duration = Math.max(...segments.map(({ end }) => end)) * share;
  const found = cues(segments, layout, false, duration);
  found.forEach(({ start, end }, index) => {
    expect(start).toBeGreaterThanOrEqual(found[index - 1]?.end ?? 0);
    expect(end).toBeGreaterThan(start);
    expect(end).toBeLessThanOrEqual(Math.round(duration * 1000));
  });
});

test('words are underlined one after the other, without a gap within their cue', () => {
  const layout: Layout = { maxLineWidth: 42, maxLineCount: 2, highlightWords: true };
  const found = cues(randomSegments(50), layout, false, Infinity);
  let inner = 0;
  found.forEach((cue, index) => {
    const before = found[index - 1];
    if (before === undefined) return;
    expect(cue.start).toBeGreaterThanOrEqual(before.end);
    if (cue.highlight === 0) return;
    inner += 1;
    expect(cue.start).toBe(before.end);
    expect(cue.highlight).toBe(before.highlight! + 1);
    expect(cue.lines).toEqual(before.lines);
  });
  expect(inner).toBeGreaterThan(100);
});

/** Segments of two speakers, some of which speak at once; every word is another. */
function randomSegments(count: number): Segment[] {
  // Deterministic, so that a failure can be repeated.
  let state = 7;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  let [at, number] = [0, 0];
  return Array.from({ length: count }, (_, id) => {
    at = Math.max(0, at + random() * 2 - 0.5);
    const start = at;
    const words = Array.from({ length: 1 + Math.floor(random() * 20) }, () => {
      at += random() < 0.1 ? random() * 2 : 0.02;
      const word = `w${(number += 1)}${'x'.repeat(Math.floor(random() * 8))}${['', '', '', ',', '.'][Math.floor(random() * 5)]}`;
      const from = at;
      at += random() * 0.5;
      return { word, start: from, end: at };
    });
    const text = words.map(({ word }) => word).join(' ');
    return { id, start, end: at, text, words, speaker: random() < 0.5 ? 'A' : 'B' };
  });
}
