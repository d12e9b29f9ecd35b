import { setTimeout as sleep } from 'node:timers/promises';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { SizingRow } from '../../../core/contract/machine';
import { SizingLock } from '../../../lambda/fleet/sizing-lock';

/** The row of the lock, with the expressions that the lock uses. */
let row: Partial<SizingRow>;
const table = mockClient(DynamoDBDocumentClient);

function holds(condition: string, values: Record<string, unknown>): boolean {
  const { held_until = NaN } = row;
  const now = Number(values[':now']);
  const parts: Record<string, boolean> = {
    'attribute_not_exists(holder) OR held_until < :now': row.holder === undefined || held_until < now,
    'held_until >= :now': held_until >= now,
    'holder = :holder': row.holder === values[':holder'],
    'holder = :holder AND attribute_not_exists(again)': row.holder === values[':holder'] && !row.again,
  };
  return parts[condition]!;
}

function update(input: UpdateCommandInput) {
  const { UpdateExpression = '', ConditionExpression = '', ExpressionAttributeValues: values = {} } = input;
  if (!holds(ConditionExpression, values))
    throw new ConditionalCheckFailedException({ message: 'x', $metadata: {} });
  const before = row;
  const next: Record<string, unknown> = { ...row };
  for (const [, name = '', value = ''] of UpdateExpression.matchAll(/(\w+) = (:\w+)/g))
    next[name] = values[value];
  const [, removed = ''] = /REMOVE ([\w, ]+?)(?: SET|$)/.exec(UpdateExpression) ?? [];
  for (const name of removed.split(', ')) delete next[name];
  row = next;
  return { Attributes: before };
}

test('50 wakes a second cause at most two sizings in a second', async () => {
  row = {};
  table.on(UpdateCommand).callsFake(async (input: UpdateCommandInput) => {
    await sleep(1);
    return update(input);
  });
  const lock = new SizingLock(DynamoDBDocumentClient.from(new DynamoDBClient()), 'jobs');
  const starts: number[] = [];
  const wakes: Promise<unknown>[] = [];
  for (let wake = 0; wake < 150; wake++) {
    wakes.push(lock.exclusive(async () => starts.push(performance.now())));
    await sleep(20);
  }
  await Promise.all(wakes);
  expect(starts.length).toBeGreaterThan(1);
  for (const start of starts)
    expect(starts.filter((each) => each >= start && each < start + 1_000).length).toBeLessThanOrEqual(2);
  expect(row.holder).toBeUndefined();
}, 30_000);
