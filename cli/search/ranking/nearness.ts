import type Database from 'libsql';
import { type Query, query } from '../index/libsql';
import { bytesOf } from '../index/search-index';

/** Where a sentence is. */
export interface Place {
  id: number;
  document: number;
  position: number;
}

/** The similarity of sentences with a question: the cosine of their vectors. */
export class Nearness {
  private readonly vector: Buffer;
  private readonly known = new Map<string, { id: number; similarity: number } | undefined>();
  private readonly sentence: Query<{ id: number; distance: number }>;

  constructor(
    private readonly database: Database.Database,
    vector: Float32Array,
  ) {
    this.vector = bytesOf(vector);
    this.sentence = query(
      database,
      `SELECT sentences.id AS id, vector_distance_cos(vectors.vector, ?) AS distance
       FROM sentences JOIN vectors ON vectors.id = sentences.vector WHERE document = ? AND position = ?`,
    );
  }

  /** The most similar sentences, best first. The search is exact: every vector is compared. Equal texts share one. */
  nearest(count: number): Place[] {
    return query<Place>(
      this.database,
      `SELECT sentences.id AS id, document, position FROM (
         SELECT id, vector_distance_cos(vector, ?) AS distance FROM vectors ORDER BY distance LIMIT ?
       ) AS near JOIN sentences ON sentences.vector = near.id ORDER BY near.distance, sentences.id LIMIT ?`,
    ).all(this.vector, count, count);
  }

  /** Similarity of a sentence. */
  of({ document, position }: Omit<Place, 'id'>): number {
    return this.at(document, position)?.similarity ?? -1;
  }

  /** Id of the sentence at a place, if there is one. */
  idAt(document: number, position: number): number | undefined {
    return this.at(document, position)?.id;
  }

  private at(document: number, position: number): { id: number; similarity: number } | undefined {
    const key = `${document}:${position}`;
    if (!this.known.has(key)) {
      const row = this.sentence.get(this.vector, document, position);
      this.known.set(key, row && { id: row.id, similarity: 1 - row.distance });
    }
    return this.known.get(key);
  }
}
