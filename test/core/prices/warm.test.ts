import { warmPrice } from '../../../core/prices/warm';

test('is machines times hours times the price of the machine type, with its source', () => {
  expect(warmPrice('g4dn.xlarge', 3, 1800)).toEqual({
    machine_type: 'g4dn.xlarge',
    capacity: 'spot',
    price_per_hour: 0.205,
    price_source: 'estimate: typical spot share of the us-east-1 list price of November 2026',
    cost_per_hour: 0.615,
    cost: 0.3075,
  });
});

test('is unknown for a machine type without a price', () => {
  expect(warmPrice('p9.large', 1, 1800)).toMatchObject({
    price_per_hour: null,
    price_source: 'no price is known for p9.large',
    cost_per_hour: null,
    cost: null,
  });
});
