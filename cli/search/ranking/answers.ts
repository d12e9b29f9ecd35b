import type Database from 'libsql';
import { query } from '../index/libsql';
import { bytesOf, type SearchIndex } from '../index/search-index';
import { fused } from './fusion';
import { keywordQuery } from './keywords';

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
  distance: number;
}

/** The answers to a question, best first. */
export function answers({ database }: SearchIndex, asked: Asked): Answer[] {
  const vector = bytesOf(asked.vector);
  const depth = Math.max(LEAST_DEPTH, asked.limit * DEPTH);
  const ids = fused(similar(database, vector, depth), matching(database, asked.question, depth));
  const sentence = query<Row>(
    database,
    `SELECT path, document, position, start_s, end_s, speaker, text, vector_distance_cos(vectors.vector, ?) AS distance
     FROM sentences JOIN documents ON documents.id = document JOIN vectors ON vectors.id = sentences.vector
     WHERE sentences.id = ?`,
  );
  const chosen: Row[] = [];
  for (const id of ids) {
    if (chosen.length >= asked.limit) break;
    const row = sentence.get(vector, id);
    if (row === undefined || 1 - row.distance < (asked.minScore ?? -1)) continue;
    if (!chosen.some((each) => isNear(each, row))) chosen.push(row);
  }
  return chosen.map((row) => answerOf(database, row));
}

/** Exact search: every vector is compared. Equal texts share one. */
function similar(database: Database.Database, vector: Buffer, depth: number): number[] {
  const rows = query<{ id: number }>(
    database,
    `SELECT sentences.id AS id FROM (
       SELECT id, vector_distance_cos(vector, ?) AS distance FROM vectors ORDER BY distance LIMIT ?
     ) AS near JOIN sentences ON sentences.vector = near.id ORDER BY near.distance, sentences.id LIMIT ?`,
  ).all(vector, depth, depth);
  return rows.map(({ id }) => id);
}

function matching(database: Database.Database, question: string, depth: number): number[] {
  const keywords = keywordQuery(question);
  if (keywords === undefined) return [];
  const rows = query<{ id: number }>(
    database,
    'SELECT rowid AS id FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?',
  ).all(keywords, depth);
  return rows.map(({ id }) => id);
}

const isNear = (one: Row, other: Row): boolean =>
  one.document === other.document && Math.abs(one.position - other.position) <= NEAR;

function answerOf(database: Database.Database, row: Row): Answer {
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
    score: 1 - row.distance,
  };
}
