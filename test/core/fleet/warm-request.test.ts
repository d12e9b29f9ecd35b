import { LONGEST_WARM_SECONDS, warmFloor, warmSeconds } from '../../../core/fleet/warm-request';

test.each([
  ['30m', 1800],
  ['2h', 7200],
  ['90s', 90],
  ['1h30m', 5400],
  ['1h0m1s', 3601],
  ['24h', LONGEST_WARM_SECONDS],
  ['23h60m', LONGEST_WARM_SECONDS],
])('%s is %i seconds', (text, seconds) => {
  expect(warmSeconds(text)).toBe(seconds);
});

test.each(['', '0m', '30', 'h', '-1h', '1.5h', '30m1h', '30 m', '1d', '24h1s', '25h', '9999999999h', '30M'])(
  '%j is no time of a request',
  (text) => {
    expect(warmSeconds(text)).toBeUndefined();
  },
);

describe('the machines to keep warm', () => {
  const NOW = 1_000_000;
  const limits = { maxMachines: 4, now: NOW };

  test.each([
    ['are those of the schedule without a request', 2, undefined, 2],
    ['are those of a request', 0, { machines: 3, until: NOW + 1 }, 3],
    ['are those of the schedule, if they are more', 2, { machines: 1, until: NOW + 1 }, 2],
    ['do not add up', 2, { machines: 3, until: NOW + 1 }, 3],
    ['are not those of a request that has ended', 1, { machines: 3, until: NOW }, 1],
    ['do not exceed a maximum that was lowered after the request', 0, { machines: 9, until: NOW + 1 }, 4],
  ])('%s', (_, scheduled, request, expected) => {
    expect(warmFloor(scheduled, request, limits)).toBe(expected);
  });
});
