/** The benchmarks: `npm run bench -- [name...] [--json] [--strict]`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Benchmark } from './benchmark';
import { type Figure, isOver, table } from './figure';
import { handlers } from './handlers';
import { synthesis } from './synthesis';
import { wake } from './wake';
import { workerOverhead } from './worker-overhead';

const BENCHMARKS: Benchmark[] = [handlers, synthesis, wake, workerOverhead];
const names = BENCHMARKS.map(({ name }) => name);

// The SDK says on every start that it will want a newer Node.js one day.
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

async function main(wanted: string[], { json, strict }: { json?: boolean; strict?: boolean }): Promise<void> {
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no benchmark "${unknown.join('", "')}". Known: ${names.join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Once: a second Ctrl-C ends the program at once.
    process.once(signal, () => {
      console.error('ending');
      stop.abort(new Error(`Ended by ${signal}`));
    });
  }
  const chosen = BENCHMARKS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  try {
    const figures = await runAll(chosen, stop.signal);
    console.log(json ? JSON.stringify(figures, null, 2) : table(figures));
    if (strict && figures.some(isOver)) process.exitCode = 1;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = 130;
  }
}

void new Command('bench')
  .description('Measures Spotscribe, on this machine alone')
  .argument('[name...]', `benchmarks to run: ${names.join(', ')} (default: all)`)
  .option('--json', 'print the figures as one JSON document')
  .option('--strict', 'end with 1 if a figure is over its target')
  .action(main)
  .parseAsync();
