import { warmMachines } from '../../../core/fleet/warm-hours';

const settings = { machines: 2, hours: 'MON-FRI 08:00-18:30', timeZone: 'Europe/Berlin' };

test.each([
  // A Monday in winter, one hour ahead of UTC.
  ['2026-03-02T06:59:59Z', 0],
  ['2026-03-02T07:00:00Z', 2],
  ['2026-03-02T17:29:59Z', 2],
  ['2026-03-02T17:30:00Z', 0],
  // Summer time: two hours.
  ['2026-06-01T06:00:00Z', 2],
  ['2026-06-01T16:30:00Z', 0],
  ['2026-03-06T12:00:00Z', 2],
  ['2026-03-07T12:00:00Z', 0],
  ['2026-03-08T12:00:00Z', 0],
])('at %s, %i machines are kept warm', (instant, expected) => {
  expect(warmMachines(settings, new Date(instant))).toBe(expected);
});

test('the day of the week depends on the time zone', () => {
  const sunday = { machines: 1, hours: 'SUN 00:00-01:00', timeZone: 'Pacific/Auckland' };
  expect(warmMachines(sunday, new Date('2026-03-07T11:30:00Z'))).toBe(1);
  expect(warmMachines(sunday, new Date('2026-03-08T00:30:00Z'))).toBe(0);
});

test('the default hours are always, the default time zone is UTC, and 0 machines stay 0', () => {
  expect(warmMachines({ machines: 3 }, new Date())).toBe(3);
  expect(warmMachines({ machines: 1, hours: 'SUN 11:00-12:00' }, new Date('2026-03-01T11:00:00Z'))).toBe(1);
  expect(warmMachines({ ...settings, machines: 0 }, new Date('2026-03-02T12:00:00Z'))).toBe(0);
});
