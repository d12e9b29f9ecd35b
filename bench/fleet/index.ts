/** The simulator of the fleet: `npm run simulate -- [options]`. */
import { compare } from './compare';
import { command, type CommandOptions } from './options';
import { writePlots } from './report/plots';
import { table } from './report/table';
import { targetLines } from './report/targets';
import { readTrace } from './trace';
import { UsageError } from './usage-error';

function main(options: CommandOptions): void {
  const { boot, bootSpread, speed, interruption, stale, workEstimate, bootEstimate } = options;
  const world = {
    ...{ boot, bootSpread, speed, workEstimate, bootEstimate },
    ...{ deadShare: options.dead, launchesPerMinute: options.launches ?? Infinity },
    ...{ interruptionHours: interruption, staleSeconds: stale, fair: options.fair },
  };
  const results = compare(
    {
      sources: options.trace === undefined ? options.shape : [readTrace(options.trace)],
      policies: options.policy,
      seeds: options.seeds,
      maxMachines: options.machines,
      world,
      tuning: { patience: options.patience, drain: options.drain, idleSeconds: options.idle },
      width: options.width,
    },
    (text) => console.error(text),
  );
  if (options.plots !== undefined) writePlots(options.plots, results, world);
  if (options.json) {
    console.log(JSON.stringify(results, null, 2));
    return;
  }
  console.log(table(results));
  const lines = targetLines(results, boot);
  if (lines !== '') console.log(`\n${lines}`);
}

try {
  const program = command().action(main);
  program.parse();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
