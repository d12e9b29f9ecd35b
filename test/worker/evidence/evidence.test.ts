import { readFileSync } from 'node:fs';
import { locate } from '../../../docker/worker/src/evidence/evidence';
import { LONGEST_QUOTE } from '../../../docker/worker/src/evidence/quote';
import type { Analysis, Evidence } from '../../../core/contract/work/analysis';
import type { Segment } from '../../../core/contract/work/transcript';
import { claiming, PACE, segmentOf, spoken, transcriptOf } from '../../support/evidence-text';

const talk =
  'Good morning everyone. We should ship it on Friday because the customers have waited long enough. ' +
  'Ines writes the changelog by Thursday, and OpenAI pays for the café. ' +
  'Well, we should think about it. Katarina won’t test the e-mail installer: it costs 1,000 dollars. ' +
  'Thank you. The budget is somewhere else altogether, said the accountant. Thank you.';
const words = talk.split(' ');
const transcript = spoken(words, 7);
const all = { heard_from: 0, heard_to: transcript.duration };

const find = (quote: string, where = all, within = transcript): Evidence | undefined =>
  locate(claiming({ quote, ...where }), within).topics?.[0]?.evidence[0];

/** Words of the transcript at the found place. */
function saidAt(quote: string, where = all, within = transcript): string | undefined {
  const place = find(quote, where, within);
  if (place?.start === undefined || place.end === undefined) return undefined;
  const { start, end } = place;
  return within.segments
    .flatMap((segment) => segment.words)
    .filter((word) => word.start >= start && word.end <= end)
    .map(({ word }) => word.replace(/[.,:]+$/, ''))
    .join(' ');
}

describe('a quote', () => {
  it('has the times of its first and last word, and their segments', () => {
    const at = words.indexOf('ship');
    expect(find('ship it on Friday')).toEqual({
      quote: 'ship it on Friday',
      ...all,
      start: at * PACE.step,
      end: (at + 3) * PACE.step + PACE.length,
      segments: [0, 1],
    });
  });

  it.each([
    ['SHIP IT, on friday!', 'ship it on Friday'],
    ["Katarina won't test", 'Katarina won’t test'],
    ['pays for the cafe', 'pays for the café'],
    ['ｐａｙｓ for the cafe\u0301', 'pays for the café'],
    ['the e‑mail installer', 'the e-mail installer'],
    ['the email installer', 'the e-mail installer'],
    ['1000 dollars', '1,000 dollars'],
    ['Open AI', 'OpenAI'],
    ['every one', 'everyone'],
  ])('is found in any spelling: %s', (quote, there) => {
    expect(saidAt(quote)).toBe(there);
  });

  it.each([
    [
      'we could ship it on Friday because customers waited long',
      'ship it on Friday because the customers have waited long',
    ],
    ['Ines, um, writes the change log by Thursday', 'Ines writes the changelog by Thursday'],
    [
      'is somewhere else all together says the accountant',
      'is somewhere else altogether said the accountant',
    ],
    ['Catarina', 'Katarina'],
    ['Inez', 'Ines'],
  ])('is found if some words were heard differently: %s', (quote, there) => {
    expect(saidAt(quote)).toBe(there);
  });

  it.each([
    ['enough long waited have customers the because Friday on it'],
    ['the budget of the installer is a customer on Thursday'],
    ['it costs 2,000 euros in the end'],
    ['Thomas'],
    ['2000'],
    ['on Sunday'],
    [''],
    ['… — !'],
  ])('is not found if it was not said: %s', (quote) => {
    expect(find(quote)).toEqual({ quote, ...all });
  });

  it('is located at its best match, and at the first of equal ones', () => {
    expect(find('thank you')?.start).toBe(words.indexOf('Thank') * PACE.step);
    expect(find('we should think about it')?.start).toBe(words.indexOf('we') * PACE.step);
  });

  it('is searched first in the heard stretch', () => {
    const last = words.lastIndexOf('Thank') * PACE.step;
    const within = spoken([...words, ...Array.from({ length: 100 }, () => 'la'), ...words]);
    const second = (words.length + 100) * PACE.step;
    const where = { heard_from: second, heard_to: second + last };
    expect(find('thank you', where, within)?.start).toBeGreaterThan(second);
    // It begins a few seconds before the stretch in which it was heard.
    const late = { heard_from: second + last + 3, heard_to: 1e6 };
    expect(find('said the accountant', late, within)?.start).toBeGreaterThan(second);
  });

  it('must match more closely outside the heard stretch', () => {
    const within = spoken([...words, ...Array.from({ length: 200 }, () => 'la')]);
    const later = { heard_from: 60, heard_to: 90 };
    const quote = 'Ines will write a changelog on Thursday';
    expect(saidAt(quote, all, within)).toBe('Ines writes the changelog by Thursday');
    expect(saidAt(quote, later, within)).toBeUndefined();
    expect(saidAt('Ines writes a changelog by Thursday', later, within)).toBe(
      'Ines writes the changelog by Thursday',
    );
    expect(saidAt('Inez', later, within)).toBeUndefined();
    expect(saidAt('Ines', later, within)).toBe('Ines');
  });

  it('is found in scripts without spaces, however the transcript splits them', () => {
    const chinese = '大家早上好我们星期五发布新版本因为客户已经等了很久伊内斯星期四之前写更新日志';
    for (const parted of [[...chinese], chinese.match(/.{1,3}/g) ?? []]) {
      const within = spoken(parted);
      const there = (quote: string) => saidAt(quote, all, within)?.replaceAll(' ', '');
      expect(there('我们星期五发布新版')).toContain('我们星期五发布新版');
      // One character differs.
      expect(there('因为顾户已经等了很久')).toMatch(/^.{0,2}因为客户已经等了很久.{0,2}$/);
      expect(there('版本客户没有说过这句话')).toBeUndefined();
    }
    const thai = spoken(['สวัสดีครับทุกคน', 'เราจะส่งมอบวันศุกร์', 'ขอบคุณมาก']);
    expect(saidAt('ส่งมอบวันศุกร์', all, thai)).toBe('เราจะส่งมอบวันศุกร์');
  });

  it('is found in Korean if only one model writes spaces', () => {
    const within = spoken('우리는 금요일에 새로운버전을 출시할 것입니다'.split(' '));
    expect(saidAt('금요일에 새로운 버전을 출시 할', all, within)).toBe('금요일에 새로운버전을 출시할');
    expect(saidAt('새로운 버전을', all, within)).toBe('새로운버전을');
  });

  it('has the times of its segment if the segment has no words', () => {
    const segments: Segment[] = [
      { id: 3, start: 1, end: 4, text: 'Nothing to see here.', words: [] },
      { id: 5, start: 4, end: 9, text: 'We ship it on Friday.', words: [] },
    ];
    expect(find('ship it on Friday', all, transcriptOf(segments))).toMatchObject({
      start: 4,
      end: 9,
      segments: [5],
    });
  });

  it('has the times of all its words if segments of two channels overlap', () => {
    const word = (text: string, start: number) => ({ word: text, start, end: start + 0.4 });
    const segments: Segment[] = [
      {
        id: 0,
        start: 8,
        end: 9.4,
        text: 'We ship it',
        words: [word('We', 8), word('ship', 8.5), word('it', 9)],
      },
      { id: 1, start: 8.2, end: 9.1, text: 'on Friday.', words: [word('on', 8.2), word('Friday.', 8.7)] },
    ];
    expect(find('ship it on Friday', { heard_from: 0, heard_to: 30 }, transcriptOf(segments))).toMatchObject({
      start: 8.2,
      end: 9.4,
      segments: [0, 1],
    });
  });

  it('is not searched if it is too long', () => {
    const letters = 'abcdefghij '.repeat(LONGEST_QUOTE);
    const within = spoken(letters.split(' '));
    expect(find(letters.slice(0, LONGEST_QUOTE), all, within)).toHaveProperty('start');
    expect(find(letters.slice(0, LONGEST_QUOTE + 1), all, within)).not.toHaveProperty('start');
    // Normalisation may expand one character to eighteen.
    expect(find('\ufdfa'.repeat(LONGEST_QUOTE / 2), all, spoken(['\ufdfa']))).not.toHaveProperty('start');
  });

  it('is not found in silence', () => {
    expect(find('ship it', all, transcriptOf([]))).toEqual({ quote: 'ship it', ...all });
    expect(find('ship it', all, transcriptOf([segmentOf(0, [])]))).toEqual({ quote: 'ship it', ...all });
  });
});

describe('a claim', () => {
  const there = { quote: 'ship it on Friday', ...all };
  const nowhere = { quote: 'nobody has ever mentioned elephants', ...all };

  it('is located if any of its evidence is found, and keeps the order of the evidence', () => {
    const analysis: Analysis = {
      ...claiming(),
      topics: [{ title: 't', evidence: [nowhere, there, nowhere] }],
    };
    const [topic] = locate(analysis, transcript).topics ?? [];
    expect(topic?.located).toBe(true);
    expect(topic?.evidence.map(({ quote, start }) => [quote, start !== undefined])).toEqual([
      [nowhere.quote, false],
      [there.quote, true],
      [nowhere.quote, false],
    ]);
  });

  it('is not located without evidence, or if none of it is found', () => {
    const analysis = { ...claiming(nowhere), questions: [{ question: 'q', evidence: [] }] };
    const { topics, questions } = locate(analysis, transcript);
    expect(topics?.[0]?.located).toBe(false);
    expect(questions?.[0]?.located).toBe(false);
  });

  it('is located in every part of an analysis, and earlier positions are discarded', () => {
    const fixture = JSON.parse(readFileSync('test/fixtures/contract/Analysis.json', 'utf8')) as Analysis;
    const before = structuredClone(fixture);
    const after = locate(fixture, transcript);
    expect(fixture).toEqual(before);
    expect(after).toMatchObject({
      summary: fixture.summary,
      degraded: fixture.degraded,
      topics: [{ title: 'Release date', located: true }],
      action_items: [{ owner: 'Ines', located: true }],
      questions: [{ located: false }, { located: false }],
      sentiment: { overall: 'mixed', located: false },
      entities: [{ name: 'Ines', located: true }],
      answers: [{ question: 'What does it cost?' }],
      evidence: 'other',
    });
    // Nothing was answered, so nothing is to be distrusted.
    expect(after.answers?.[0]).not.toHaveProperty('located');
    const [found, lost] = after.topics?.[0]?.evidence ?? [];
    expect(found).toMatchObject({ start: words.indexOf('ship') * PACE.step, segments: [0, 1] });
    expect(lost).toEqual({ quote: 'Friday is too early', heard_from: 480.5, heard_to: 912.4 });
    expect(locate(after, transcript)).toEqual(after);
  });

  it('is located for each extracted value', () => {
    const place = (pointer: string, quote: string) => ({ pointer, evidence: [{ quote, ...all }] });
    const value = { deadline: 'Friday', items: [{ price: 5 }] };
    const places = [place('/deadline', 'ship it on Friday'), place('/items/0/price', 'five euros a piece')];
    const extracted = { value, places, missing: ['/owner'] };
    const after = locate({ ...claiming(nowhere), extracted }, transcript).extracted;
    expect(after).toMatchObject({ value, missing: ['/owner'] });
    expect(after?.places).toMatchObject([
      { pointer: '/deadline', located: true, evidence: [{ start: words.indexOf('ship') * PACE.step }] },
      { pointer: '/items/0/price', located: false },
    ]);
  });

  it('says if the transcript was made by the model of the analysis, too', () => {
    const engine = { name: 'voxtral', model: 'voxtral-mini-3b' };
    const made = { ...claiming({ quote: 'ship it on Friday', ...all }), engine };
    expect(locate(made, { ...transcript, engine }).evidence).toBe('self');
    expect(locate(made, { ...transcript, engine: { ...engine, model: 'other' } }).evidence).toBe('other');
  });

  it('says if the times of its words are interpolated', () => {
    const untimed = transcript.segments.map((segment) => ({
      ...segment,
      words: segment.words.map((word) => (word.word === 'ship' ? { ...word, interpolated: true } : word)),
    }));
    expect(find('ship it on Friday', all, { ...transcript, segments: untimed })?.interpolated).toBe(true);
    expect(find('because the customers', all, { ...transcript, segments: untimed })).not.toHaveProperty(
      'interpolated',
    );
  });

  it('is not created for a missing part of the analysis', () => {
    expect(Object.keys(locate({ ...claiming(), topics: undefined, summary: 's' }, transcript))).not.toContain(
      'entities',
    );
  });
});
