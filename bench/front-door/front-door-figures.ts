import { type Figure, median, percentile } from '../figure';

const TARGET_ADDED_MS = 30;
const TARGET_ADDED_P99_MS = 100;
/** Maximum ratio of memory growth. A leak in each request would exceed it. */
const TARGET_MEMORY = 1.1;
const P99 = 0.99;
const MB = 1e6;

/** Result of one request in a load test. */
export type Answer =
  /** Answered in place, with the words of the recording. */
  | { kind: 'heard' }
  /** Answered with 202. */
  | { kind: 'job'; id: string }
  /** Answered with 503 or 429 and `Retry-After`: no work was accepted, and the caller knows. */
  | { kind: 'later' }
  /** Any other answer. */
  | { kind: 'lost'; why: string };

/** Milliseconds of the requests with one recording, in the order of rounds. */
export interface Rounds {
  /** Directly to the whisper service. */
  service: number[];
  /** Through the gateway, the function and the load balancer. */
  front: number[];
  /** Through the gateway, to an empty function. */
  empty: number[];
}

/** Memory of a container's processes in bytes, before and after most of the load. */
export interface Held {
  container: string;
  before: number;
  after: number;
}

/** @returns the result of a request that expects `words`, from status, headers and body */
export function answerOf(status: number, retryAfter: string | null, body: string, words: string): Answer {
  if ((status === 503 || status === 429) && retryAfter !== null) return { kind: 'later' };
  if (status !== 200 && status !== 202) return { kind: 'lost', why: `${status} ${body.slice(0, 200)}` };
  const { text, id } = JSON.parse(body) as { text?: string; id?: string };
  if (status === 202 && id !== undefined) return { kind: 'job', id };
  if (status === 200 && text === words) return { kind: 'heard' };
  return { kind: 'lost', why: `${status} with ${JSON.stringify(text)}` };
}

export function latencyFigures({ service, front, empty }: Rounds): Figure[] {
  const both = (name: string, values: number[]): Figure[] => [
    { name: `front-door: ${name}, median`, value: median(values), unit: 'ms' },
    { name: `front-door: ${name}, p99`, value: percentile(values, P99), unit: 'ms' },
  ];
  const beyond = (least: number[]) => median(front) - median(least);
  return [
    ...both('one second of speech, the bare service', service),
    ...both('… through the front door', front),
    ...both('… an empty handler behind the same gateway', empty),
    {
      name: 'front-door: added to the bare service, median',
      value: beyond(service),
      unit: 'ms',
      target: TARGET_ADDED_MS,
    },
    {
      name: 'front-door: … p99',
      value: percentile(front, P99) - percentile(service, P99),
      unit: 'ms',
      target: TARGET_ADDED_P99_MS,
    },
    {
      name: 'front-door: … beyond the empty handler, median',
      value: beyond(service) - median(empty),
      unit: 'ms',
    },
    { name: 'front-door: … ratio to the bare service', value: median(front) / median(service), unit: '×' },
  ];
}

export interface Load {
  answers: Answer[];
  connections: number;
  seconds: number;
  /** Jobs that ended without a complete transcript. */
  failedJobs: number;
  /** From the first request to the end of the last job. */
  secondsWithJobs: number;
  held: Held[];
}

export function loadFigures({
  answers,
  connections,
  seconds,
  failedJobs,
  secondsWithJobs,
  held,
}: Load): Figure[] {
  const count = (kind: Answer['kind']) => answers.filter((answer) => answer.kind === kind).length;
  const requests = (name: string, value: number): Figure => ({
    name: `front-door: … ${name}`,
    value,
    unit: 'requests',
  });
  return [
    {
      name: `front-door: lost of ${answers.length} requests over ${connections} connections`,
      value: count('lost') + failedJobs,
      unit: 'requests',
      target: 0,
    },
    requests('answered in place (200)', count('heard')),
    requests('became jobs (202), which all ended', count('job')),
    requests('told to come back (429, 503)', count('later')),
    { name: 'front-door: … until the last answer', value: seconds, unit: 's' },
    { name: 'front-door: … until the last job', value: secondsWithJobs, unit: 's' },
    ...held.flatMap(({ container, before, after }): Figure[] => [
      { name: `front-door: memory of ${container} before`, value: before / MB, unit: 'MB' },
      { name: `front-door: … growth`, value: (after - before) / MB, unit: 'MB' },
      { name: `front-door: … ratio`, value: after / before, unit: '×', target: TARGET_MEMORY },
    ]),
  ];
}
