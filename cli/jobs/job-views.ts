import type { JobOptions } from '../../core/contract/work/options';
import type { JobView, Receipt } from '../../core/contract/job';
import { dollars, duration, lossLine, receiptLine, shown, table, workOf } from '../format';

/** Formats jobs as a table. */
export const jobTable = (jobs: JobView[]): string => [listed(jobs), ...delays(jobs)].join('\n');

/** Why jobs wait for machines, each reason once. */
const delays = (jobs: JobView[]): string[] => [
  ...new Set(jobs.flatMap(({ delay }) => (delay === undefined ? [] : [`Queued jobs wait. ${shown(delay)}`]))),
];

const listed = (jobs: JobView[]): string =>
  table([
    ['ID', 'STATUS', 'CREATED', 'WORK', 'COST', 'NAME'],
    ...jobs.map((job) => [
      job.id,
      job.status === 'running' ? `running ${percent(job.progress)}` : job.status,
      instant(job.created_at),
      job.receipt === undefined ? '' : workOf(job.receipt),
      job.receipt === undefined ? '' : dollars(job.receipt.cost),
      shown(job.name),
    ]),
  ]);

/** Formats a job with one line for each property. */
export function jobLines(job: JobView): string {
  const { receipt, error } = job;
  const stages = Object.entries(job.stages).map(([stage, state]) => `${stage} ${state}`);
  const rows: [string, string | undefined][] = [
    ['id', job.id],
    ['name', shown(job.name)],
    ['status', job.status],
    ['tasks', Object.keys(job.tasks).join(', ')],
    ['progress', percent(job.progress)],
    ['stages', stages.join(', ')],
    ...Object.entries({
      ...flat(job.options),
      ...job.tasks.embedding,
      ...job.tasks.speech,
      ...job.tasks.custom,
    }).map(([option, value]): [string, string] => [
      option.replaceAll('_', ' '),
      shown(Array.isArray(value) ? value.join(', ') || 'none' : String(value)),
    ]),
    ['origin', job.origin],
    ['priority', job.priority === 'bulk' ? job.priority : undefined],
    ['created', instant(job.created_at)],
    ['queued', instant(job.queued_at)],
    ['delay', job.delay && shown(job.delay)],
    ['started', instant(job.started_at)],
    ['finished', instant(job.finished_at)],
    ['error', error && `${error.code}: ${shown(error.message)}`],
    ...job.degraded.map((loss): [string, string] => ['degraded', lossLine(loss)]),
    ['receipt', receipt && receiptLine(receipt)],
    ['machine', receipt && machineLine(receipt)],
    ['queued for', receipt && duration(receipt.queue_seconds)],
    ['per minute', receipt && receipt.audio_seconds > 0 ? dollars(receipt.cost_per_audio_minute) : undefined],
  ];
  return table(rows.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]])));
}

/** The options, with the nested analysis options at the top level. */
const flat = ({ analysis, ...others }: JobOptions): Record<string, unknown> => ({
  ...others,
  ...(analysis === false ? { analysis } : analysis),
});

const machineLine = ({ machine_type, capacity, price_per_hour, price_source }: Receipt) =>
  `${shown(machine_type)}, ${capacity}, ` +
  (price_per_hour === null ? 'price unknown' : `$${price_per_hour} an hour (${shown(price_source)})`);

const percent = (fraction: number) => `${Math.floor(fraction * 100)}%`;

/** An ISO 8601 time, to the second. */
const instant = (iso: string | undefined): string => iso?.replace('T', ' ').replace(/\.\d+Z$/, 'Z') ?? '';
