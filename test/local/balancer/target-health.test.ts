import { isGood, TargetHealth } from '../../../local/balancer/target-health';

const after = (answers: string) => {
  const health = new TargetHealth({ healthyThreshold: 2, unhealthyThreshold: 3 });
  for (const answer of answers) health.note(answer === '+');
  return health.healthy;
};

test.each<[string, string, boolean]>([
  ['has answered nothing yet', '', false],
  ['is well after its first good answer', '+', true],
  ['loads, and then needs as many as any other that was ill', '-+', false],
  ['has loaded', '--++', true],
  ['fails now and then', '+--+--', true],
  ['has failed three times in a row', '+---', false],
  ['gets well by two good answers in a row', '+---++', true],
  ['does not by one at a time', '+---+-+-', false],
])('a target that %s', (_, answers, healthy) => {
  expect(after(answers)).toBe(healthy);
});

test.each<[number, string, boolean]>([
  [200, '200', true],
  [503, '200', false],
  [204, '200-299', true],
  [300, '200-299', false],
  [302, '200,302', true],
  [0, '200-299', false],
])('%d is among %s: %s', (status, codes, good) => {
  expect(isGood(status, codes)).toBe(good);
});
