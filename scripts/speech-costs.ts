import { apiHourCost, charactersCost, charactersOfApiCost, speechHourCost } from '../core/prices/speaking';
import { burstCost, type Serving } from '../core/prices/queries';

/** OpenAI's tts-1, for a million characters. */
const API_PRICE = 15;
/** English at a usual speed: 150 words a minute of six characters, spaces included. */
const CHARACTERS_A_SECOND = 15;
/** Assumed speeds, as seconds of speech in a second. */
const FACTORS: [number, string][] = [
  [5, 'XTTS v2'],
  [20, ''],
  [50, 'Kokoro'],
];
/** A novel, in characters. */
const BOOK = 500_000;

const dollars = (amount: number, digits = 2) => `$${amount.toFixed(digits)}`;

/** The section about speech of `docs/costs.md`. @param spot dollars per hour @param serving path 600, which is paid as path 700 */
export function speechSection(spot: number, serving: Serving): string {
  const start = burstCost(serving, 0);
  const rows = FACTORS.map(([realTimeFactor, engine]) => {
    const speaking = { perHour: spot, realTimeFactor, charactersPerSecond: CHARACTERS_A_SECOND };
    const million = charactersCost(speaking);
    const equal = charactersOfApiCost(start, speaking, API_PRICE);
    const cells = [
      `${realTimeFactor} times${engine === '' ? '' : ` (guess for ${engine})`}`,
      dollars(million),
      dollars(speechHourCost(speaking), 3),
      dollars(start + (million * BOOK) / 1e6),
      equal === undefined ? 'never' : `above ${Math.ceil(equal).toLocaleString('en-US')} characters`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return `## Speech

Path 600 is paid as path 700: machines by time, and ${dollars(serving.fixedPerMonth)} a month for the load balancer. What a text costs follows from the speed of
the voice, which **was not measured on a T4**: the speeds are assumptions. English has about ${CHARACTERS_A_SECOND} characters for a second of
speech. OpenAI lists tts-1 at ${dollars(API_PRICE, 0)} for a million characters, which is ${dollars(apiHourCost(API_PRICE, CHARACTERS_A_SECOND))} for an hour of speech. A book has ${BOOK.toLocaleString('en-US')}
characters here; its job pays the start and the idle time of a machine (${dollars(start, 4)}) too, as in the last column. Without the
load balancer:

| assumed speed of the machine | a million characters | an hour of speech | a book, alone | cheaper than tts-1 |
| --- | ---: | ---: | ---: | --- |
${rows.join('\n')}

A job of one's own is cheaper than the API for a text that is longer than a page. The load balancer alone costs as much as
${((serving.fixedPerMonth / API_PRICE) * 1e6).toLocaleString('en-US', { maximumSignificantDigits: 2 })} characters a month of tts-1, which are ${(serving.fixedPerMonth / ((API_PRICE * BOOK) / 1e6)).toFixed(1)} books.
`;
}
