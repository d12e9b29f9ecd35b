import { Command, Option } from 'commander';
import { POLICY_NAMES, type PolicyName } from './policies';
import { DEFAULT_SHAPES, SHAPES, type ShapeName } from './shapes';
import { UsageError } from './usage-error';
import { DEFAULT_WORLD } from './world-options';

export interface CommandOptions {
  shape: ShapeName[];
  trace?: string;
  policy: PolicyName[];
  seeds: number;
  boot: number;
  bootSpread: number;
  dead: number;
  speed: number;
  machines?: number;
  launches?: number;
  interruption: number;
  /** False for `--no-fair`. */
  fair: boolean;
  stale: number;
  workEstimate: number;
  bootEstimate: number;
  patience?: number;
  drain?: number;
  idle?: number;
  width?: number;
  json?: boolean;
  plots?: string;
}

interface Range {
  least: number;
  most?: number;
  whole?: boolean;
  /** A value that works, for messages. @default - the least */
  example?: number;
}

/** Parses the value of an option. @throws UsageError with the limits if it is out of range */
export const numberIn =
  (flag: string, { least, most, whole = false, example = least }: Range) =>
  (text: string): number => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (value >= least && value <= (most ?? Number.MAX_VALUE) && (!whole || Number.isInteger(value)))
      return value;
    const kind = whole ? 'a whole number' : 'a number';
    const limits = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new UsageError(
      `${flag} must be ${kind} ${limits}; got "${text}". For example, use ${flag} ${example}.`,
    );
  };

/** @throws UsageError with the known names if one is unknown */
export const namesOf =
  <Name extends string>(flag: string, known: readonly Name[]) =>
  (text: string): Name[] => {
    const names = text.split(',');
    const unknown = names.find((name) => !known.some((each) => each === name));
    if (unknown === undefined) return names as Name[];
    throw new UsageError(`${flag}: "${unknown}" is unknown. Use one or more of ${known.join(', ')}.`);
  };

const shapeNames = Object.keys(SHAPES) as ShapeName[];

export function command(): Command {
  const program = new Command('simulate')
    .description('Simulates fleets of spot machines and compares how policies size them (docs/fleet.md)')
    .addOption(names('--shape <names>', 'traffic, separated by commas', shapeNames, DEFAULT_SHAPES))
    .option('--trace <file>', 'simulate the jobs of a CSV file (arrival_s,audio_s) instead')
    .addOption(names('--policy <names>', 'policies, separated by commas', POLICY_NAMES, POLICY_NAMES));
  const number = (flag: string, what: string, range: Range, standard?: number) =>
    program.addOption(
      new Option(`${flag} <number>`, what)
        .argParser(numberIn(flag, { example: standard, ...range }))
        .default(standard),
    );
  const world = DEFAULT_WORLD;
  number('--seeds', 'number of seeds to average', { least: 1, most: 1000, whole: true }, 3);
  number('--boot', 'seconds from a request to the first job', { least: 1 }, world.boot);
  number('--boot-spread', 'largest deviation of a boot, as a share', { least: 0, most: 0.99 }, 0);
  number('--dead', 'share of machines whose worker never starts', { least: 0, most: 0.9 }, 0);
  number('--speed', 'seconds of audio in a second of work', { least: 0.01 }, world.speed);
  number('--machines', 'limit of machines (default: 20; internet: 10000)', { least: 1, whole: true });
  number('--launches', 'limit of launches in a minute (default: none)', { least: 1 });
  number(
    '--interruption',
    'mean hours to an interruption',
    { least: 0.1, most: Infinity },
    world.interruptionHours,
  );
  number('--stale', 'age in seconds of what policies see', { least: 0 }, 0);
  number('--work-estimate', 'estimated by actual work', { least: 0.01 }, 1);
  number('--boot-estimate', 'estimated by actual boot', { least: 0.01 }, 1);
  number('--patience', 'list scheduling: boots that a job may wait', { least: 0 });
  number('--drain', 'list scheduling: boots to work off a long queue', { least: 0.01 });
  number('--idle', 'list scheduling: idle seconds until a machine ends', { least: 0 });
  number('--width', 'bound: partial schedules that the search keeps', { least: 1, whole: true });
  return program
    .option('--no-fair', 'serve the oldest job first, whichever tenants have jobs in work')
    .option('--json', 'print the results as one JSON document')
    .option('--plots <dir>', 'write plots (SVG) to this folder');
}

const names = <Name extends string>(
  flags: string,
  what: string,
  known: readonly Name[],
  standard: readonly Name[],
) =>
  new Option(flags, `${what}: ${known.join(', ')}`)
    .argParser(namesOf(flags.split(' ')[0]!, known))
    .default(standard, standard.length === known.length ? 'all' : standard.join(','));
