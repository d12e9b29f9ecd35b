import { readFileSync } from 'node:fs';
import { UsageError } from './usage-error';

/** Times in seconds. */
export interface Job {
  arrival: number;
  audio: number;
  /** Who sent it. @default - all jobs without a tenant have the same one */
  tenant?: string;
}

export interface Trace {
  name: string;
  /** Ordered by arrival. */
  jobs: readonly Job[];
  /** A fleet that is always on is billed at least to this time. */
  horizon: number;
  /** Machines that may run at the same time. @default - as many as in the world */
  maxMachines?: number;
}

const HEADER = 'arrival_s,audio_s';

/** @throws UsageError if a line is not a job */
export function parseTrace(text: string, name: string): Trace {
  const [header, ...lines] = text.trimEnd().split(/\r?\n/);
  if (header !== HEADER)
    throw new UsageError(`${name}: the first line must be "${HEADER}"; got "${header}". Add this header.`);
  const jobs = lines.map((line, index): Job => {
    const fields = line.split(',');
    const [arrival = NaN, audio = NaN] = fields.map((field) => (field.trim() === '' ? NaN : Number(field)));
    if (fields.length !== 2 || !(arrival >= 0) || !(audio > 0) || arrival === Infinity || audio === Infinity)
      throw new UsageError(
        `${name}: line ${index + 2} must be an arrival of at least 0 and a positive length, both in seconds; ` +
          `got "${line}". Correct or delete the line.`,
      );
    return { arrival, audio };
  });
  const last = jobs.reduce((latest, { arrival }) => Math.max(latest, arrival), 0);
  if (jobs.length === 0) throw new UsageError(`${name}: the file has no jobs. Add a line for each job.`);
  return { name, jobs: jobs.sort((one, other) => one.arrival - other.arrival), horizon: last };
}

export function readTrace(path: string): Trace {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `--trace: cannot read "${path}" (${(error as NodeJS.ErrnoException).code}). Name a CSV file.`,
    );
  }
  return parseTrace(text, path);
}
