import type Database from 'libsql';
import { query } from '../index/libsql';
import type { SearchIndex } from '../index/search-index';
import { matches } from './keywords';
import { Nearness } from './nearness';
import { ranked } from './ranked';

/** A sentence that answers a question. */
export interface Answer {
  /** Relative to the searched folder. */
  path: string;
  /** In seconds, if the transcript has times. */
  start?: number;
  end?: number;
  speaker?: string;
  sentence: string;
  /** The sentence before it. */
  before?: string;
  after?: string;
  /** Cosine similarity of question and sentence, from -1 to 1. */
  score: number;
}

export interface Asked {
  question: string;
  vector: Float32Array;
  /** Most answers. */
  limit: number;
  /** Least score. @default - any */
  minScore?: number;
}

/** Sentences that each ranking contributes for each answer: some are neighbours of others. */
const DEPTH = 10;
const LEAST_DEPTH = 100;
/** Sentences of a file that are this close give one answer. */
const NEAR = 2;

interface Row {
  path: string;
  document: number;
  position: number;
  start_s: number | null;
  end_s: number | null;
  speaker: string | null;
  text: string;
}

/** The answers to a question, best first: similar sentences, also by their neighbours, and those with its words. */
export function answers({ database }: SearchIndex, { question, vector, limit, minScore }: Asked): Answer[] {
  const depth = Math.max(LEAST_DEPTH, limit * DEPTH);
  const nearness = new Nearness(database, vector);
  const ids = ranked(nearness, nearness.nearest(depth), matches(database, question, depth));
  const sentence = query<Row>(
    database,
    `SELECT path, document, position, start_s, end_s, speaker, text
     FROM sentences JOIN documents ON documents.id = document WHERE sentences.id = ?`,
  );
  const chosen: Row[] = [];
  for (const id of ids) {
    if (chosen.length >= limit) break;
    const row = sentence.get(id);
    if (row === undefined || nearness.of(row) < (minScore ?? -1)) continue;
    if (!chosen.some((each) => isNear(each, row))) chosen.push(row);
  }
  return chosen.map((row) => answerOf(database, row, nearness.of(row)));
}

const isNear = (one: Row, other: Row): boolean =>
  one.document === other.document && Math.abs(one.position - other.position) <= NEAR;

function answerOf(database: Database.Database, row: Row, score: number): Answer {
  const neighbour = query<{ text: string }>(
    database,
    'SELECT text FROM sentences WHERE document = ? AND position = ?',
  );
  const before = neighbour.get(row.document, row.position - 1)?.text;
  const after = neighbour.get(row.document, row.position + 1)?.text;
  return {
    path: row.path,
    ...(row.start_s !== null && { start: row.start_s }),
    ...(row.end_s !== null && { end: row.end_s }),
    ...(row.speaker !== null && { speaker: row.speaker }),
    sentence: row.text,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    score,
  };
}
