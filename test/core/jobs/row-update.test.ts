import { update } from '../../../core/jobs/row-update';

test('escapes every attribute name, in conditions and in changes', () => {
  expect(
    update([['status', '=', 'queued']], {
      set: { status: 'running' },
      setOnce: { started_at: 'now' },
      add: { attempt: 1 },
      remove: ['error'],
    }),
  ).toEqual({
    ConditionExpression: '#status = :v0',
    UpdateExpression:
      'SET #status = :v1, #started_at = if_not_exists(#started_at, :v2) REMOVE #error ADD #attempt :v3',
    ExpressionAttributeNames: {
      '#status': 'status',
      '#started_at': 'started_at',
      '#attempt': 'attempt',
      '#error': 'error',
    },
    ExpressionAttributeValues: { ':v0': 'queued', ':v1': 'running', ':v2': 'now', ':v3': 1 },
  });
});

test('joins conditions with AND', () => {
  const made = update(
    [
      ['status', 'in', ['queued', 'running']],
      ['lease_until', 'absent or <', 5],
      ['sweep_at', '<', 7],
    ],
    { set: { progress: 0 } },
  );
  expect(made.ConditionExpression).toBe(
    '#status IN (:v0, :v1) AND (attribute_not_exists(#lease_until) OR #lease_until < :v2) AND #sweep_at < :v3',
  );
  expect(made.ExpressionAttributeValues).toEqual({
    ':v0': 'queued',
    ':v1': 'running',
    ':v2': 5,
    ':v3': 7,
    ':v4': 0,
  });
});

test('skips undefined values, and keeps 0 and empty values', () => {
  const made = update([['attempt', '=', 1]], { set: { progress: 0, degraded: [], error: undefined } });
  expect(made.UpdateExpression).toBe('SET #progress = :v1, #degraded = :v2');
  expect(made.ExpressionAttributeValues).toEqual({ ':v0': 1, ':v1': 0, ':v2': [] });
});
