import type Database from 'libsql';
import { query } from '../index/libsql';
import type { Place } from './nearness';

/** English words of questions that say nothing about their subject. */
const STOP_WORDS = new Set(
  (
    'a about all am an and any are as at be been but by can could did do does for from get had has have he her him his how ' +
    'i if in into is it its just me more my no not of on or our out say said she should so some than that the their them then ' +
    'there these they this to up us was we were what when where which who whom why will with would you your'
  ).split(' '),
);

/**
 * The question as a query of FTS5 that any of its words matches.
 *
 * @returns undefined if the question has no words
 */
export function keywordQuery(question: string): string | undefined {
  const words = [...new Set(question.toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? [])];
  const telling = words.filter((word) => !STOP_WORDS.has(word));
  // In quotation marks, no word is an operator of FTS5.
  const chosen = (telling.length > 0 ? telling : words).map((word) => `"${word}"`);
  return chosen.length === 0 ? undefined : chosen.join(' OR ');
}

/** A sentence with words of a question. */
export interface Match extends Place {
  /** Its relevance (BM25), compared with that of the best one: 0 to 1. */
  relevance: number;
}

/** The sentences with words of the question, best first. */
export function matches(database: Database.Database, question: string, count: number): Match[] {
  const keywords = keywordQuery(question);
  if (keywords === undefined) return [];
  const rows = query<Place & { rank: number }>(
    database,
    `SELECT sentences.id AS id, document, position, words.rank AS rank
     FROM words JOIN sentences ON sentences.id = words.rowid WHERE words MATCH ? ORDER BY words.rank LIMIT ?`,
  ).all(keywords, count);
  // FTS5 gives better matches a lower rank, below 0.
  const [best] = rows;
  return rows.map(({ rank, ...place }) => ({
    ...place,
    relevance: best === undefined ? 0 : rank / best.rank,
  }));
}
