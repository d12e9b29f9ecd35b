import * as z from 'zod/mini';
import { MOST_ROW_FAILURES } from '../limits';
import { CORPUS_FORMATS } from '../names';
import { EmbeddingOptions } from './options';
import { Count, Degradation, Fraction, JobError, SharedPath } from '../values';

/** A row without a vector. */
export const RowFailure = z.object({
  /** Number of the row, or of the line, from 1. */
  row: Count,
  reason: z.string(),
});
export type RowFailure = z.infer<typeof RowFailure>;

/** What was done with the rows of a corpus so far. */
export const EmbeddingTotals = z.object({
  /** Rows that were read, with or without a vector. */
  rows: Count,
  failed_rows: Count,
  /** Rows whose text was longer than the model's limit and was cut. */
  truncated_rows: Count,
  /** Tokens that the model read. */
  tokens: Count,
  /** The first failed rows. */
  failures: z.array(RowFailure).check(z.maxLength(MOST_ROW_FAILURES)),
});
export type EmbeddingTotals = z.infer<typeof EmbeddingTotals>;

/** What the vectors of a corpus were made with. All parts of a result have the same. */
export const EmbeddingSource = z.object({
  engine: z.object({ name: z.string(), model: z.string() }),
  /** Length of the vectors. */
  dimensions: Count,
  format: z.enum(CORPUS_FORMATS),
});
export type EmbeddingSource = z.infer<typeof EmbeddingSource>;

/** JSON body of `POST /embed` for a corpus on the shared volume. */
export const EmbedRequest = z.extend(EmbeddingOptions, {
  path: SharedPath,
  /** What an earlier attempt did. Its rows are skipped, and its totals are part of the result. */
  earlier: z.optional(z.extend(EmbeddingSource, { totals: EmbeddingTotals })),
});
export type EmbedRequest = z.infer<typeof EmbedRequest>;

/** A line of the NDJSON response of `POST /embed`. */
export const EmbedEvent = z.discriminatedUnion('type', [
  z.extend(EmbeddingSource, { type: z.literal('started') }),
  /** Vectors of some rows, as a complete file. An interrupted job can resume behind it. */
  z.object({
    type: z.literal('part'),
    /** Vectors in this part. */
    rows: Count,
    /** The file, in base64. Empty if none of the rows has a vector. */
    data: z.string(),
    /** Including this part. */
    totals: EmbeddingTotals,
    progress: Fraction,
  }),
  /** The last line of a success. */
  z.extend(EmbeddingSource, {
    type: z.literal('result'),
    totals: EmbeddingTotals,
    degraded: z.array(Degradation),
  }),
  /** The last line of a failure. */
  z.object({ type: z.literal('error'), error: JobError }),
]);
export type EmbedEvent = z.infer<typeof EmbedEvent>;

/** A file of vectors. Its key follows from its place in the list: see `KEY.part`. */
export const EmbeddingFile = z.object({
  /** The attempt that wrote it. */
  attempt: Count,
  rows: Count,
  bytes: Count,
});
export type EmbeddingFile = z.infer<typeof EmbeddingFile>;

/** A stored result of an embedding. */
export const Embedding = z.extend(z.extend(EmbeddingSource, EmbeddingTotals.shape), {
  version: z.literal(1),
  /** In the order of the rows. */
  files: z.array(EmbeddingFile),
  degraded: z.array(Degradation),
});
export type Embedding = z.infer<typeof Embedding>;

/** What an interrupted job has of its embedding. */
export const EmbeddingCheckpoint = z.extend(EmbeddingSource, {
  totals: EmbeddingTotals,
  files: z.array(EmbeddingFile),
});
export type EmbeddingCheckpoint = z.infer<typeof EmbeddingCheckpoint>;

/** The result of an embedding as `GET /v1/jobs/{id}/embedding` shows it. */
export const EmbeddingView = z.extend(Embedding, {
  files: z.array(
    z.object({
      /** Such as `part-000001.parquet`. */
      name: z.string(),
      rows: Count,
      bytes: Count,
      /** Path of the request that redirects to the file. */
      path: z.string(),
    }),
  ),
});
export type EmbeddingView = z.infer<typeof EmbeddingView>;
