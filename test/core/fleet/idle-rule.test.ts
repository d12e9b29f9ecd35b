import { fleetIdleSeconds, type IdleRule } from '../../../core/fleet/idle-rule';

/** Arrivals with these gaps between them, in seconds. */
const after = (...gaps: number[]) =>
  gaps.reduce((arrivals, gap) => [...arrivals, arrivals.at(-1)! + gap * 1000], [1_772_366_400_000]);

test.each<[string, IdleRule, number[], number]>([
  ['a 24th of a boot', { kind: 'queue' }, [], 10],
  ['a boot, where callers wait for an answer', { kind: 'requests' }, [], 240],
  ['what the user has set', { kind: 'requests', seconds: 7 }, [], 7],
  ['a boot, if nothing is known of arrivals', { kind: 'recent' }, [], 240],
  ['a boot, if jobs come faster', { kind: 'recent' }, after(10, 10, 10), 240],
  ['as long as nine of ten gaps', { kind: 'recent' }, after(1, 1, 1, 1, 1, 1, 1, 1, 500, 9000), 500],
  ['at most an hour', { kind: 'recent' }, after(9000, 9000), 3600],
])('a machine stays without work for %s', (_, rule, arrivals, expected) => {
  expect(fleetIdleSeconds(rule, { boots: { 'g4dn.xlarge': 240 }, arrivals }, 'g4dn.xlarge')).toBe(expected);
});

test('the boot of another type, or the usual one, is used for a type that is not known', () => {
  const rule: IdleRule = { kind: 'requests' };
  expect(fleetIdleSeconds(rule, { boots: { a: 100, b: 200 }, arrivals: [] }, 'c')).toBe(150);
  expect(fleetIdleSeconds(rule, { boots: {}, arrivals: [] })).toBe(240);
});
