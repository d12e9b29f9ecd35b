import { type Command, InvalidArgumentError } from 'commander';
import { AUDIO_WORK, audioHourCost, COMPUTED, HOSTED, HOSTED_AS_OF } from '../../core/prices/audio-hour';
import { priceOf } from '../../core/prices/prices';
import { exactly, type Range } from '../../core/prices/voxtral-time';
import type { Context } from '../context';
import { UsageError } from '../errors';
import { dollars, table } from '../format';

interface CostOptions {
  hours: number;
  instanceType: string;
  onDemand?: boolean;
  speed?: number;
  json?: boolean;
}

/** What some hours of audio cost somewhere. */
interface Line {
  paths: readonly string[];
  result: string;
  /** Minutes of a machine for an hour of audio. */
  minutes: Range;
  per_audio_hour: Range;
  total: Range;
  basis: string;
}

/** The machines that the times of `AUDIO_WORK` are for. */
const KNOWN = /^g4dn\./;

/** `spotscribe cost` */
export function registerCost(program: Command, { terminal }: Context): void {
  program
    .command('cost')
    .summary('estimate what hours of audio cost on each path')
    .description(
      'Estimates what hours of audio cost on each path while its machines work, beside list prices of hosted services. It ' +
        'needs no deployment and no network. The receipt of each job has its real cost.',
    )
    .option('--hours <n>', 'hours of audio', positive, 1)
    .option('--instance-type <type>', 'type of the machines', 'g4dn.xlarge')
    .option('--on-demand', 'on-demand machines instead of spot machines')
    .option(
      '--speed <n>',
      'adds your own speed, in seconds of audio a second: "real time" in receipts',
      positive,
    )
    .option('--json', 'print one JSON document')
    .action((options: CostOptions) => {
      const estimate = estimateOf(options);
      if (options.json) terminal.json(estimate);
      else terminal.data(shown(estimate));
    });
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

const times = (range: Range, factor: number): Range => ({
  least: rounded(range.least * factor),
  most: rounded(range.most * factor),
});
const rounded = (value: number) => Number(value.toPrecision(6));

function estimateOf({ hours, instanceType, onDemand, speed }: CostOptions) {
  const capacity = onDemand ? 'on-demand' : 'spot';
  const { perHour, source } = priceOf({ instance_type: instanceType, capacity });
  if (perHour === null) throw new UsageError(`--instance-type: ${source}. Use another type.`);
  const known = KNOWN.test(instanceType) ? AUDIO_WORK : [];
  if (known.length === 0 && speed === undefined) {
    throw new UsageError(
      `No speed is known for ${instanceType}. Give your own with --speed (a receipt shows it), or use g4dn.xlarge.`,
    );
  }
  const own =
    speed === undefined
      ? []
      : [{ paths: ['your speed'], result: `${speed}×`, seconds: exactly(3600 / speed), basis: 'your own' }];
  const lines = [...known, ...own].map((work): Line => {
    const perAudioHour = audioHourCost(perHour, work.seconds);
    return {
      ...{ paths: work.paths, result: work.result, basis: work.basis },
      minutes: times(work.seconds, 1 / 60),
      per_audio_hour: times(perAudioHour, 1),
      total: times(perAudioHour, hours),
    };
  });
  return {
    audio_hours: hours,
    machine: { instance_type: instanceType, capacity, price_per_hour: perHour, price_source: source },
    paths: lines,
    hosted: HOSTED.map(({ service, perAudioHour }) => ({
      service,
      per_audio_hour: perAudioHour,
      total: times(perAudioHour, hours),
    })),
    hosted_as_of: HOSTED_AS_OF,
  };
}

const span = ({ least, most }: Range, text: (value: number) => string): string =>
  text(least) === text(most) ? text(least) : `${text(least)}–${text(most)}`;
const minutes = (value: number) => (value < 10 ? value.toFixed(1) : String(Math.round(value)));
/** Dollars for an hour of audio. A tenth of a cent matters here. */
const hourly = (value: number) => `$${value.toFixed(3)}`;

function shown({ audio_hours, machine, paths, hosted }: ReturnType<typeof estimateOf>): string {
  const total = `${audio_hours} h`;
  const own = table([
    ['path', 'machine time', 'per audio hour', total],
    ...paths.map((line) => [
      `${line.paths.join(', ')}: ${line.result}`,
      `${span(line.minutes, minutes)} min`,
      span(line.per_audio_hour, hourly),
      span(line.total, dollars),
    ]),
  ]);
  const others = table([
    [`hosted, list prices of ${HOSTED_AS_OF}`, 'per audio hour', total],
    ...hosted.map(({ service, per_audio_hour, total: sum }) => [
      service,
      span(per_audio_hour, hourly),
      span(sum, dollars),
    ]),
  ]);
  const computed = paths.filter(({ basis }) => basis === COMPUTED).flatMap((line) => line.paths);
  return [
    own,
    others,
    `One ${machine.instance_type}, ${machine.capacity}: $${machine.price_per_hour} per hour`,
    `(${machine.price_source}).`,
    ...(computed.length > 0
      ? [`The times of ${[...new Set(computed)].join(' and ')} are computed; nothing was measured on a GPU.`]
      : []),
    'Not included: the start and the idle time of machines, storage, requests.',
    '',
  ].join('\n');
}
