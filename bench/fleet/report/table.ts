import type { Result } from '../compare';

/** Ratio to the bound / p95 wait in seconds, as a table in Markdown. */
export function table(results: readonly Result[]): string {
  const shapes = [...new Set(results.map(({ shape }) => shape))];
  const policies = [...new Set(results.map(({ policy }) => policy))];
  const cell = (policy: string, shape: string) => {
    const result = results.find((each) => each.policy === policy && each.shape === shape);
    return result === undefined ? '–' : `${result.ratio.toFixed(2)} / ${Math.round(result.p95Wait)}`;
  };
  const rows = [
    ['ratio / p95 wait in s', ...shapes],
    ...policies.map((policy) => [policy, ...shapes.map((shape) => cell(policy, shape))]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const lines = rows.map(
    (row) => `| ${row.map((text, column) => text.padEnd(widths[column]!)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}
