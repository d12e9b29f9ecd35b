import { DAYS_A_MONTH, hoursAMonth, machineCost, tokensCost } from './rates';

/** What answers queries, and what it is paid for. */
export interface Serving {
  /** Dollars per hour of a machine. */
  perHour: number;
  /** Paid seconds from the launch of a machine to its first answer. 0 if waiting is not paid. */
  bootSeconds: number;
  /** Paid seconds without a query, after which a machine ends. */
  idleSeconds: number;
  /** Paid seconds for a query on a running machine, one query at a time. */
  secondsPerQuery: number;
  /** Dollars per month that do not depend on queries, such as a load balancer. */
  fixedPerMonth: number;
  /** @default 30.4375, an average month */
  daysAMonth?: number;
}

/** When a machine runs. */
export type Running =
  /** During these hours of each week, and all queries arrive in them. */
  | { warmHoursAWeek: number }
  /** From a query until the idle time is over. Queries arrive in bursts of equal size and distance. */
  | { queriesPerBurst: number };

const SECONDS_A_DAY = 86_400;
const HOURS_A_WEEK = 7 * 24;

/** Dollars for a query on a running machine. */
export const queryCost = ({ perHour, secondsPerQuery }: Serving): number =>
  machineCost(perHour, secondsPerQuery);

/** Dollars for the start of a machine. */
export const coldStartCost = ({ perHour, bootSeconds }: Serving): number => machineCost(perHour, bootSeconds);

/** Dollars for a burst that finds no machine: the start, the queries and the idle time after them. */
export const burstCost = (serving: Serving, queries: number): number =>
  machineCost(serving.perHour, burstSeconds(serving, queries));

/**
 * Dollars per month.
 *
 * @throws RangeError if one machine cannot answer the queries, or a number is out of its range
 */
export function monthCost(serving: Serving, queriesPerDay: number, running: Running): number {
  within('queriesPerDay', queriesPerDay, 0);
  for (const name of ['perHour', 'bootSeconds', 'idleSeconds', 'secondsPerQuery', 'fixedPerMonth'] as const)
    within(name, serving[name], 0);
  if ('warmHoursAWeek' in running) within('warmHoursAWeek', running.warmHoursAWeek, 0, HOURS_A_WEEK);
  const days = serving.daysAMonth ?? DAYS_A_MONTH;
  const work = queriesPerDay * serving.secondsPerQuery;
  const paid =
    'warmHoursAWeek' in running
      ? (3600 * hoursAMonth(running.warmHoursAWeek) * days) / DAYS_A_MONTH
      : days * secondsADay(serving, queriesPerDay, running.queriesPerBurst);
  const available = 'warmHoursAWeek' in running ? paid : days * SECONDS_A_DAY;
  if (days * work > available) {
    throw new RangeError(
      `queriesPerDay must be at most ${Math.floor(available / days / serving.secondsPerQuery)} for one machine; ` +
        `got ${queriesPerDay}. Use more warm hours or fewer queries.`,
    );
  }
  return serving.fixedPerMonth + machineCost(serving.perHour, paid);
}

/** Dollars for 1,000 queries, everything included that is paid in the month. */
export function thousandCost(serving: Serving, queriesPerDay: number, running: Running): number {
  const queries = queriesPerDay * (serving.daysAMonth ?? DAYS_A_MONTH);
  return (1000 * monthCost(serving, queriesPerDay, running)) / queries;
}

/** Bursts per day at which a warm machine costs as much as one that starts for each burst. */
export function burstsOfWarmCost(
  serving: Serving,
  queriesPerBurst: number,
  warmHoursAWeek = HOURS_A_WEEK,
): number {
  const secondsADay = (3600 * warmHoursAWeek) / 7;
  return secondsADay / burstSeconds(serving, queriesPerBurst);
}

/**
 * Tokens for which own machines cost as much as an API that is paid per token. More tokens are
 * cheaper on own machines.
 *
 * @param fixed dollars that do not depend on the tokens
 * @returns undefined if own machines cost more per token, so that no number of tokens is enough
 */
export function tokensOfApiCost(
  fixed: number,
  { perHour, tokensPerSecond }: { perHour: number; tokensPerSecond: number },
  apiPerMillionTokens: number,
): number | undefined {
  const saved = apiPerMillionTokens - tokensCost(perHour, tokensPerSecond);
  return saved > 0 ? (1e6 * fixed) / saved : undefined;
}

/** Tokens per second above which a machine without a pause is cheaper than an API. */
export const tokensPerSecondOfApiCost = (perHour: number, apiPerMillionTokens: number): number =>
  tokensCost(perHour, 1) / apiPerMillionTokens;

/** Dollars that an API takes for tokens. */
export const apiCost = (tokens: number, perMillionTokens: number): number =>
  (tokens * perMillionTokens) / 1e6;

const burstSeconds = ({ bootSeconds, secondsPerQuery, idleSeconds }: Serving, queries: number): number =>
  bootSeconds + queries * secondsPerQuery + idleSeconds;

/** Paid seconds per day. A burst that comes within the idle time of the last one starts no machine. */
function secondsADay(serving: Serving, queriesPerDay: number, queriesPerBurst: number): number {
  within('queriesPerBurst', queriesPerBurst, 1);
  if (queriesPerDay === 0) return 0;
  const bursts = queriesPerDay / queriesPerBurst;
  return bursts * Math.min(SECONDS_A_DAY / bursts, burstSeconds(serving, queriesPerBurst));
}

function within(name: string, value: number, least: number, most = Number.MAX_VALUE): void {
  if (value >= least && value <= most) return;
  const limit = most < Number.MAX_VALUE ? `from ${least} to ${most}` : `of at least ${least}`;
  throw new RangeError(`${name} must be a number ${limit}; got ${value}.`);
}
