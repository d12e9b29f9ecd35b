import { Command, Option } from 'commander';
import { numberIn } from '../fleet/options';

export interface RunOptions {
  jobs: number;
  kills: number;
  workers: number;
  seed: number;
  minutes: number;
}

export function command(): Command {
  const program = new Command('faults').description(
    'Kills workers and fails calls of AWS while a fleet works, and checks that nothing is lost (docs/faults.md)',
  );
  const number = (flag: string, what: string, standard: number, most: number, least = 1) =>
    program.addOption(
      new Option(`${flag} <number>`, what)
        .argParser(numberIn(flag, { least, most, whole: true, example: standard }))
        .default(standard),
    );
  number('--jobs', 'jobs that are submitted', 1000, 100_000);
  number('--kills', 'workers that are killed, half of them by SIGKILL', 300, 100_000, 0);
  number('--workers', 'workers that run at the same time', 4, 64);
  number('--seed', 'seed of the random choices', 1, 2 ** 31 - 1, 0);
  number('--minutes', 'longest time from the first job to the last', 60, 24 * 60);
  return program.option('--json', 'print the result as one JSON document');
}
