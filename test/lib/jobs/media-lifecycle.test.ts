import { Duration } from 'aws-cdk-lib';
import { mediaLifecycle } from '../../../lib/jobs/media-lifecycle';

/** Days until a rule's objects are deleted: first they expire, then the noncurrent versions end. */
const days = (prefix: string, retention: number) => {
  const rule = mediaLifecycle(Duration.days(retention)).find((each) => each.prefix === prefix);
  const [expires, ends] = [rule?.expiration?.toDays(), rule?.noncurrentVersionExpiration?.toDays()];
  return {
    expires: expires ?? Infinity,
    ends: ends ?? Infinity,
    gone: (expires ?? Infinity) + (ends ?? Infinity),
  };
};

test.each([1, 2, 3, 7, 14, 30, 3650])(
  'keeps nothing longer than %i days and the step between',
  (retention) => {
    expect(days('jobs/', retention)).toEqual({ expires: retention, ends: 1, gone: retention + 1 });
    const inbox = days('inbox/', retention);
    expect(inbox.gone).toBeLessThanOrEqual(Math.max(2, retention));
    expect(inbox.ends).toBeLessThanOrEqual(7);
    expect(Math.min(inbox.expires, inbox.ends)).toBeGreaterThanOrEqual(1);
  },
);

test('keeps a replaced recording for a week if the retention allows it', () => {
  expect(days('inbox/', 30)).toEqual({ expires: 23, ends: 7, gone: 30 });
});

test('deletes expired delete markers', () => {
  expect(mediaLifecycle(Duration.days(30))).toContainEqual({ expiredObjectDeleteMarker: true });
});
