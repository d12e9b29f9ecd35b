import type { Analysis, Chapter, Claim, Entity, Highlight } from '../../core/contract/work/analysis';
import { clock, duration, shown } from '../format';

/** Formats an analysis: each claim with the time and the quote that support it. */
export function analysisLines(analysis: Analysis): string {
  const { engine, summary, topics, action_items, questions, sentiment, entities, answers } = analysis;
  const { chapters = [], highlights = [], extracted } = analysis;
  const sections: [string, string[]][] = [
    ['Summary', summary === undefined ? [] : [shown(summary)]],
    ['Answers', (answers ?? []).map((each) => entry(each, pair(each.question, each.answer ?? 'not said')))],
    [
      'Extracted values',
      (extracted?.places ?? []).map((each) =>
        entry(each, pair(each.pointer, String(at(extracted?.value, each.pointer)))),
      ),
    ],
    ['Topics', (topics ?? []).map((each) => entry(each, each.title))],
    ['Action items', (action_items ?? []).map((each) => entry(each, task(each)))],
    [
      'Questions',
      (questions ?? []).map((each) => entry(each, pair(each.question, each.answer ?? 'no answer'))),
    ],
    [
      'Sentiment',
      sentiment === undefined ? [] : [entry(sentiment, pair(sentiment.overall, sentiment.reason))],
    ],
    ['Names', (entities ?? []).map((each: Entity) => entry(each, `${each.name} (${each.type})`))],
    ['Chapters', chapters.map((each) => placed(each, each.title))],
    ['Highlights', highlights.map((each) => placed(each, pair(each.title, each.reason)))],
    ['Missing', analysis.degraded.map(({ reason }) => shown(reason))],
  ];
  const filled = sections.filter(([, lines]) => lines.length > 0);
  const self =
    analysis.evidence === 'self' ? 'Quotes were compared with a transcript by the same model\n' : '';
  const head = `${duration(analysis.duration)} of audio, analysed by ${engine.name} (${shown(engine.model)})\n${self}`;
  return (
    head +
    filled.map(([title, lines]) => `\n${title}\n${lines.map((line) => `  ${line}\n`).join('')}`).join('')
  );
}

/** The value at a JSON pointer. */
const at = (value: unknown, pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);

const pair = (first: string, second: string) => `${first} – ${second}`;

function task({ task: what, owner, due }: { task: string; owner?: string; due?: string }): string {
  const more = [owner, due].filter((each) => each !== undefined).join(', ');
  return more === '' ? what : `${what} (${more})`;
}

/**
 * Formats a claim after the time of its quote. A claim whose quote is not in the transcript is
 * marked.
 */
function entry({ evidence, located }: Claim, text: string): string {
  const found = evidence.find(({ start }) => start !== undefined) ?? evidence[0];
  const when = found?.start === undefined ? (located === false ? 'not found' : '') : clock(found.start);
  const quote = found === undefined ? '' : `  “${shown(found.quote)}”`;
  return `${when.padEnd(9)} ${shown(text)}${quote}`.trim();
}

/** Formats a chapter or a highlight after its start, with its length. */
function placed({ start, end }: Chapter | Highlight, text: string): string {
  if (start === undefined || end === undefined) return `${'not found'.padEnd(9)} ${shown(text)}`;
  return `${clock(start).padEnd(9)} ${shown(text)}  (${duration(end - start)})`;
}
