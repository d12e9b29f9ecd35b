import type { EmbeddingView } from '../../core/contract/work/embedding';
import { shown } from '../format';

/** Failed rows that are shown. The others are in the list of the files. */
const MOST_SHOWN = 5;

/** What became of the rows: `2730 rows, 1 failed, 2 cut`. */
export const rowsLine = ({ rows, failed_rows, truncated_rows }: EmbeddingView): string =>
  [
    `${rows} ${rows === 1 ? 'row' : 'rows'}`,
    ...(failed_rows > 0 ? [`${failed_rows} failed`] : []),
    ...(truncated_rows > 0 ? [`${truncated_rows} cut`] : []),
  ].join(', ');

/** The first failed rows, with their reasons. @param list name of the file with all of them */
export function failureLines({ failures, failed_rows }: EmbeddingView, list: string): string[] {
  const first = failures.slice(0, MOST_SHOWN);
  const lines = first.map(({ row, reason }) => `row ${row} failed: ${shown(reason)}`);
  const more = failed_rows - first.length;
  return more === 0 ? lines : [...lines, `${more} more rows failed: see ${list}`];
}
