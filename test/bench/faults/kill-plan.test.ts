import { killPlan } from '../../../bench/faults/kill-plan';
import { seeded } from '../../../bench/fleet/random';

const plan = killPlan(300, seeded(1));

it('kills as many workers by SIGKILL as by SIGTERM, in an order that depends on the seed', () => {
  const signals = plan.map(({ signal }) => signal);
  expect(signals.filter((signal) => signal === 'SIGKILL')).toHaveLength(150);
  expect(signals.filter((signal) => signal === 'SIGTERM')).toHaveLength(150);
  expect(killPlan(300, seeded(1))).toEqual(plan);
  expect(killPlan(300, seeded(2)).map(({ signal }) => signal)).not.toEqual(signals);
});

it('spreads them over the work, and kills nobody when all jobs have ended', () => {
  const after = plan.map((kill) => kill.after);
  expect(after).toEqual([...after].sort((one, other) => one - other));
  expect(after[0]).toBeLessThan(0.01);
  expect(after.at(-1)).toBeGreaterThan(0.9);
  expect(after.at(-1)).toBeLessThan(1);
});
