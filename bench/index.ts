/** The benchmarks: `npm run bench -- [name...] [--json] [--strict]`. */
import { interruption } from './interruption';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { type Benchmark, named } from './benchmark';
import { BENCHMARKS } from './benchmarks';
import { type Figure, misses, table } from './figure';

const names = BENCHMARKS.map(({ name }) => name);

// Hides the SDK's warning about future Node.js requirements.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

async function runAll(chosen: Benchmark[], signal: AbortSignal): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, run } of chosen) {
    const folder = mkdtempSync(join(tmpdir(), 'spotscribe-bench-'));
    const say = (text: string) => console.error(`${name}: ${text}`);
    try {
      figures.push(...(await run({ folder, signal, say })));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return figures;
}

/** Selects the benchmarks to run; prints the reason and returns undefined if that is impossible. */
function choose(wanted: string[]): Benchmark[] | undefined {
  const unknown = wanted.filter((name) => named(BENCHMARKS, name).length === 0);
  if (unknown.length > 0) {
    console.error(`Unknown benchmark "${unknown.join('", "')}". Known: ${names.join(', ')}`);
    return undefined;
  }
  const chosen = BENCHMARKS.filter(
    (each) => wanted.length === 0 || wanted.some((name) => named([each], name).length > 0),
  );
  const impossible = chosen.filter(({ lacks }) => lacks?.() !== undefined);
  for (const { name, lacks } of impossible) console.error(`${name} is skipped: ${lacks?.()}`);
  // Without names, run all that are possible. A benchmark named on the command line must not be
  // skipped.
  if (wanted.length > 0 && impossible.length > 0) return undefined;
  return chosen.filter((each) => !impossible.includes(each));
}

async function main(wanted: string[], { json, strict }: { json?: boolean; strict?: boolean }): Promise<void> {
  const chosen = choose(wanted);
  if (chosen === undefined) {
    process.exitCode = 2;
    return;
  }
  const signal = interruption();
  try {
    const figures = await runAll(chosen, signal);
    console.log(json ? JSON.stringify(figures, null, 2) : table(figures));
    if (strict && figures.some(misses)) process.exitCode = 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = 130;
  }
}

void new Command('bench')
  .description('Measures Spotscribe on this machine')
  .argument(
    '[name...]',
    `benchmarks to run: ${names.join(', ')}, or whisper or hybrid for all with this prefix (default: all)`,
  )
  .option('--json', 'print the figures as one JSON document')
  .option('--strict', 'exit with 1 if a figure misses its target')
  .action(main)
  .parseAsync();
