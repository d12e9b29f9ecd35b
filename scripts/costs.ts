/** Writes `docs/costs.md`: what recordings, embedding, search and speech cost, computed by `core/prices`. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { balancerCost } from '../core/prices/balancer';
import { priceOf } from '../core/prices/prices';
import * as queries from '../core/prices/queries';
import { DAYS_A_MONTH, tokensCost } from '../core/prices/rates';
import { audioSection } from './audio-costs';
import { speechSection } from './speech-costs';

export const COSTS_FILE = path.resolve(__dirname, '..', 'docs', 'costs.md');

/** The original system: a serverless A10G at $1.10 an hour, paid only while it answers. */
const ORIGINAL: queries.Serving = {
  ...{ perHour: 1.1, bootSeconds: 0, idleSeconds: 0, secondsPerQuery: 1, fixedPerMonth: 0, daysAMonth: 30 },
};
const ORIGINAL_COLD_START = 13.6;
const ORIGINAL_COLD_START_PRICE = 0.0015;

const SPOT = priceOf({ instance_type: 'g4dn.xlarge', capacity: 'spot' }).perHour ?? 0;
const BOOT_SECONDS = 180;

/** Path 700 on g4dn.xlarge. */
const OURS: queries.Serving = {
  perHour: SPOT,
  bootSeconds: BOOT_SECONDS,
  // Machines that answer in place stay for a boot without work.
  idleSeconds: BOOT_SECONDS,
  secondsPerQuery: 0.35,
  fixedPerMonth: balancerCost(),
};

const API_PRICE = 0.02;
const API_BATCH_PRICE = 0.01;
const TOKENS_A_QUERY = 20;
const OFFICE_HOURS = 50;
const PER_DAY = [10, 100, 1000];

const dollars = (amount: number, digits = 2) =>
  `$${amount.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
const whole = (amount: number) => Math.round(amount).toLocaleString('en-US');
const rounded = (amount: number) => Number(amount.toPrecision(2)).toLocaleString('en-US');

/** A table of dollars per month, one row for each assumption. */
const table = (head: string, rows: [name: string, cost: (perDay: number) => number][]): string =>
  [
    `| ${head} | ${PER_DAY.map((perDay) => `${whole(perDay)} a day`).join(' | ')} |`,
    `| --- |${PER_DAY.map(() => ' ---: |').join('')}`,
    ...rows.map(
      ([name, cost]) => `| ${[name, ...PER_DAY.map((perDay) => dollars(cost(perDay)))].join(' | ')} |`,
    ),
  ].join('\n');

const month =
  (changes: Partial<queries.Serving>, running: (perDay: number) => queries.Running, of = ORIGINAL) =>
  (perDay: number) =>
    queries.monthCost({ ...of, ...changes }, perDay, running(perDay));

const single = (): queries.Running => ({ queriesPerBurst: 1 });
const together = (perDay: number): queries.Running => ({ queriesPerBurst: perDay });
const cold = { bootSeconds: ORIGINAL_COLD_START };

const originalTable = table('paid for a query', [
  ['**one whole second, on a running container**', month({}, single)],
  ['0.35 s, the time end to end', month({ secondsPerQuery: 0.35 }, single)],
  ['0.023 s, the time on the GPU', month({ secondsPerQuery: 0.023 }, single)],
  ['one second, and one cold start of 13.6 s a day', month(cold, together)],
  ['one second, and a cold start of 13.6 s for each query', month(cold, single)],
]);

const ours = (running: (perDay: number) => queries.Running) => month({}, running, OURS);
const ourTable = table('queries', [
  ['each alone: a cold start for each', ours(single)],
  ['in bursts of 10: a cold start for each burst', ours(() => ({ queriesPerBurst: 10 }))],
  ['all in one burst a day', ours(together)],
  ['warm MON-FRI 08:00-18:00, all queries in these hours', ours(() => ({ warmHoursAWeek: OFFICE_HOURS }))],
  ['warm all the time', ours(() => ({ warmHoursAWeek: 168 }))],
  [
    'OpenAI text-embedding-3-small, 20 tokens a query',
    (perDay) => queries.apiCost(perDay * DAYS_A_MONTH * TOKENS_A_QUERY, API_PRICE),
  ],
]);

const thousand = (running: queries.Running) => dollars(queries.thousandCost(OURS, 1000, running));
const unitTable = [
  '| what | dollars |',
  '| --- | ---: |',
  `| a query on a running machine (0.35 s) | ${dollars(queries.queryCost(OURS), 6)} |`,
  `| 1,000 queries on a running machine | ${dollars(1000 * queries.queryCost(OURS), 3)} |`,
  `| 1,000 queries, warm all the time, 1,000 a day, all costs of the month | ${thousand({ warmHoursAWeek: 168 })} |`,
  `| a cold start (180 s) | ${dollars(queries.coldStartCost(OURS), 4)} |`,
  `| a query that starts a machine: cold start, query, ${BOOT_SECONDS} s idle | ${dollars(queries.burstCost(OURS, 1), 4)} |`,
  ...[1000, 3000, 10_000].map(
    (speed) =>
      `| a million tokens at ${whole(speed)} tokens/s, without a pause | ${dollars(tokensCost(SPOT, speed), 4)} |`,
  ),
].join('\n');

const corpus = (tokensPerSecond: number, price: number) => {
  const tokens = queries.tokensOfApiCost(
    queries.burstCost(OURS, 0),
    { perHour: SPOT, tokensPerSecond },
    price,
  );
  return tokens === undefined ? 'never' : `above ${rounded(tokens / 1e6)} million tokens`;
};

const apiTable = [
  `| speed of the machine | cheaper than ${dollars(API_PRICE)} | cheaper than ${dollars(API_BATCH_PRICE)} (batch) |`,
  '| --- | --- | --- |',
  ...[2000, 3000, 5000, 10_000].map(
    (speed) =>
      `| ${whole(speed)} tokens/s | ${corpus(speed, API_PRICE)} | ${corpus(speed, API_BATCH_PRICE)} |`,
  ),
].join('\n');

const wrongSeconds = (3600 * ORIGINAL_COLD_START_PRICE) / ORIGINAL.perHour;
const coldStart = queries.coldStartCost({ ...ORIGINAL, ...cold });
const warmBursts = queries.burstsOfWarmCost(OURS, 1);
const officeBursts = queries.burstsOfWarmCost(OURS, 1, OFFICE_HOURS);
const queriesOfBalancer =
  queries.tokensOfApiCost(OURS.fixedPerMonth, { perHour: 0, tokensPerSecond: 1 }, API_PRICE) ?? 0;

/** The document as Markdown. */
export const costsDocument = (): string => `# Costs of recordings, embedding, search and speech

\`npm run costs\` writes this file from \`core/prices\`; a test checks that it is current. Change the code, not this file. Nothing
here was billed by AWS: the figures follow from list prices and from the inputs that each section names.

${audioSection(SPOT, OURS)}## The original system

One A10G at ${dollars(ORIGINAL.perHour)} an hour, paid per second, zero when idle. Its figures: under $1 a month for 100 queries a day, about $9 for 1,000,
${dollars(ORIGINAL_COLD_START_PRICE, 4)} for a cold start; 13.6 s cold, 350 ms end to end and 23 ms on the GPU when warm. Dollars per month of 30 days:

${originalTable}

The two monthly figures agree with each other and with the rate under one assumption (bold): the provider bills one whole second for
each query, each query finds a running container, and neither idle time nor a cold start is paid.

What does not agree with the rate of ${dollars(ORIGINAL.perHour)} an hour:

- **A cold start for ${dollars(ORIGINAL_COLD_START_PRICE, 4)}.** 13.6 s cost ${dollars(coldStart, 4)}, ${(coldStart / ORIGINAL_COLD_START_PRICE).toFixed(1)} times as much. ${dollars(ORIGINAL_COLD_START_PRICE, 4)} buys ${wrongSeconds.toFixed(1)} s.
- **Under $1 for 100 queries a day, if one cold start a day is paid.** It is then ${dollars(month(cold, together)(100))}.
- **Either monthly figure, if queries come one by one after pauses.** Each is then a cold start: ${dollars(month(cold, single)(100))} and ${dollars(month(cold, single)(1000))}.

The original reports two rounds of wrong arithmetic, 12 to 300 times off. The rows above differ by a factor of up to ${whole(month(cold, single)(1000) / month({ secondsPerQuery: 0.023 }, single)(1000))},
so the assumption matters more than the arithmetic.

## Path 700

Inputs: g4dn.xlarge on spot at ${dollars(SPOT, 3)} an hour (\`core/prices/prices.ts\`: a typical price of November 2026, with the public
address); 180 s from launch to the first answer (an estimate: [cold-start.md](cold-start.md) has the known steps); ${BOOT_SECONDS} s idle
(\`idleMinutes\`); 0.35 s of the machine for a query (the original's time end to end, an upper limit: nothing was measured on a T4);
${dollars(OURS.fixedPerMonth)} a month for the internal load balancer, without traffic. Bursts are spread evenly over the day, and a burst
that comes within the idle time of the last one uses its machine. Storage, requests and logs are not included. Dollars per month of ${DAYS_A_MONTH} days, load balancer included:

${ourTable}

With 1,000 single queries a day one comes every 86 s, so that the machine never ends. Parts of these sums:

${unitTable}

## When is a warm machine cheaper?

One machine that is warm all the time costs as much as ${whole(warmBursts)} cold starts a day, which is one every ${whole(86_400 / warmBursts)} s. Warm on
weekdays for ten hours, it costs as much as ${whole(officeBursts)} a day. Below that, cold starts are cheaper, but each of them makes
a caller wait for about three minutes.

## When is an API cheaper?

OpenAI lists text-embedding-3-small at ${dollars(API_PRICE)} for a million tokens, and at ${dollars(API_BATCH_PRICE)} in batches (list prices of July 2026). It is a
different model; only prices are compared.

- **Queries: up to many millions a month.** The load balancer alone costs as much as ${rounded(queriesOfBalancer / TOKENS_A_QUERY / 1e6)} million queries a month of ${TOKENS_A_QUERY} tokens. Run path 700 for
  queries because texts must not leave the account, or for the model, not to save money.
- **A corpus: only on a fast machine.** A machine that works without a pause is cheaper than ${dollars(API_PRICE)} above
  ${whole(queries.tokensPerSecondOfApiCost(SPOT, API_PRICE))} tokens/s, and than ${dollars(API_BATCH_PRICE)} above ${whole(queries.tokensPerSecondOfApiCost(SPOT, API_BATCH_PRICE))}. A job also pays the start and the idle time of its machine
  (${dollars(queries.burstCost(OURS, 0), 4)}), so it must be large enough. Without the load balancer:

${apiTable}

The speed of \`instructor-xl\` on a T4 is unknown. Its encoder has 1.2 billion parameters, so a token takes about 2.5 GFLOP. It runs in
float32, because T5 overflows float16. The T4's peak of 8.1 TFLOPS then limits it to 3,300 tokens/s, and no service reaches the peak: for this
model on this machine, expect the API to be cheaper. A model of 110 million parameters in half precision takes a tenth of the work per token
at up to eight times the rate, and can be cheaper than the API.

${speechSection(SPOT, OURS)}`;

if (require.main === module) writeFileSync(COSTS_FILE, costsDocument());
