import { analysisLines } from '../../../cli/jobs/analysis-view';
import type { Analysis, Evidence } from '../../../core/contract/work/analysis';

const said = (quote: string, start?: number): Evidence => ({
  quote,
  heard_from: 0,
  heard_to: 600,
  ...(start !== undefined && { start, end: start + 2, segments: [0] }),
});

const analysis: Analysis = {
  version: 1,
  engine: { name: 'voxtral', model: 'Voxtral-Mini-3B-2507' },
  duration: 3725,
  summary: 'They plan a journey.',
  topics: [{ title: 'The journey', evidence: [said('we go', 3723.9)], located: true }],
  action_items: [
    { task: 'Book a room', owner: 'Ines', due: 'tomorrow', evidence: [said('book it', 64)], located: true },
    { task: 'Pack', evidence: [said('pack the bags')], located: false },
  ],
  questions: [
    { question: 'Who pays?', evidence: [said('who pays'), said('who is paying', 7)], located: true },
  ],
  sentiment: { overall: 'positive', reason: 'They laugh.', evidence: [] },
  entities: [{ name: 'Porto', type: 'place', evidence: [said('to Porto')] }],
  answers: [{ question: 'When?', answer: 'In May.', evidence: [said('in May', 9)], located: true }],
  extracted: {
    value: { 'paid/by': 'Ines', items: [{ price: 5 }], more: null },
    places: [
      { pointer: '/paid~1by', evidence: [said('Ines pays', 70)], located: true },
      { pointer: '/items/0/price', evidence: [said('five')], located: false },
    ],
    missing: [],
  },
  degraded: [{ stage: 'analysis', reason: 'Entities, from 0:00 to 10:00: the model wrote without end' }],
};

test('shows each claim with its time, and marks claims that were not found', () => {
  expect(analysisLines(analysis).split('\n')).toEqual([
    '1:02:05 of audio, analysed by voxtral (Voxtral-Mini-3B-2507)',
    '',
    'Summary',
    '  They plan a journey.',
    '',
    'Answers',
    '  0:09      When? – In May.  “in May”',
    '',
    'Extracted values',
    '  1:10      /paid~1by – Ines  “Ines pays”',
    '  not found /items/0/price – 5  “five”',
    '',
    'Topics',
    '  1:02:03   The journey  “we go”',
    '',
    'Action items',
    '  1:04      Book a room (Ines, tomorrow)  “book it”',
    '  not found Pack  “pack the bags”',
    '',
    'Questions',
    '  0:07      Who pays? – no answer  “who is paying”',
    '',
    'Sentiment',
    '  positive – They laugh.',
    '',
    'Names',
    '  Porto (place)  “to Porto”',
    '',
    'Missing',
    '  Entities, from 0:00 to 10:00: the model wrote without end',
    '',
  ]);
});

test('shows chapters and highlights with their start and length', () => {
  const chapters = [
    { title: 'Where to go', evidence: [said('so', 2)], located: true, start: 0, end: 3600 },
    { title: 'Lost', evidence: [said('lost')], located: false },
  ];
  const best = { title: 'The joke', reason: 'They laugh.', evidence: [], start: 3661.5, end: 3700 };
  const lines = analysisLines({ ...analysis, chapters, highlights: [best] }).split('\n');
  expect(lines.slice(lines.indexOf('Chapters'), lines.indexOf('Missing'))).toEqual([
    'Chapters',
    '  0:00      Where to go  (1:00:00)',
    '  not found Lost',
    '',
    'Highlights',
    '  1:01:01   The joke – They laugh.  (39 s)',
    '',
  ]);
});

test('no spoken text can control the terminal', () => {
  const topics = [{ title: '\u001b[2JTalk', evidence: [said('\u001b]0;x\u0007quote', 1)] }];
  const lines = analysisLines({ ...analysis, topics });
  expect(lines).not.toContain('\u001b');
  expect(lines).not.toContain('\u0007');
  expect(lines).toContain('Talk');
});

test('says that a model was compared with itself', () => {
  expect(analysisLines({ ...analysis, evidence: 'self' }).split('\n')[1]).toBe(
    'Quotes were compared with a transcript by the same model',
  );
});
