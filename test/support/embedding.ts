import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddingSource, EmbeddingTotals } from '../../core/contract/work/embedding';
import type { EmbedScript } from './model-server';

/** What the vectors of {@link embedding} are made with. */
export const MINILM = {
  engine: { name: 'minilm', model: 'all-MiniLM-L6-v2' },
  dimensions: 2,
  format: 'jsonl',
} as const;

export const totalsOf = (rows: number, more: Partial<EmbeddingTotals> = {}): EmbeddingTotals => ({
  rows,
  failed_rows: 0,
  truncated_rows: 0,
  tokens: rows * 3,
  failures: [],
  ...more,
});

/** The lines of the rows from `first`. */
export const linesOf = (first: number, count: number): string =>
  Array.from({ length: count }, (_, index) => `{"row":${first + index},"embedding":[1,0],"tokens":3}\n`).join(
    '',
  );

export const inBase64 = (text: string): string => Buffer.from(text).toString('base64');

/** Embeds a corpus in parts of two rows, in `partMs` each. It continues after what is done. */
export function embedding(parts: number, partMs: number, source: Partial<EmbeddingSource> = {}): EmbedScript {
  const made = { ...MINILM, ...source };
  return async ({ earlier }, answer) => {
    answer.event({ type: 'started', ...made });
    for (let part = (earlier?.totals.rows ?? 0) / 2; part < parts; part++) {
      await sleep(partMs);
      if (answer.gone) return;
      const totals = totalsOf(part * 2 + 2);
      const data = inBase64(linesOf(part * 2 + 1, 2));
      answer.event({ type: 'part', rows: 2, data, totals, progress: (part + 1) / parts });
    }
    answer.event({ type: 'result', ...made, totals: totalsOf(parts * 2), degraded: [] });
  };
}
