import { Duration } from 'aws-cdk-lib';
import type { LifecycleRule } from 'aws-cdk-lib/aws-s3';
import { KEY } from '../../core/contract/keys';

/** Maximum days that S3 keeps a replaced recording of the inbox, whose job may still be queued. */
const MOST_REPLACED_DAYS = 7;

/**
 * Lifecycle rules of the media bucket. In a versioned bucket deletion takes two steps: an object
 * that expires, or is deleted without a version id, becomes a noncurrent version, which is deleted
 * days later.
 */
export function mediaLifecycle(retention: Duration): LifecycleRule[] {
  const days = retention.toDays();
  // An inbox recording is needed until its job has run. Both steps together make up the retention;
  // each takes at least one day.
  const replacedDays = Math.max(1, Math.min(MOST_REPLACED_DAYS, Math.floor(days / 2)));
  return [
    // Results are readable for the whole retention and deleted the day after.
    { prefix: KEY.jobsPrefix, expiration: retention, noncurrentVersionExpiration: Duration.days(1) },
    {
      prefix: KEY.inboxPrefix,
      expiration: Duration.days(Math.max(1, days - replacedDays)),
      noncurrentVersionExpiration: Duration.days(replacedDays),
    },
    { expiredObjectDeleteMarker: true },
    { abortIncompleteMultipartUploadAfter: Duration.days(1) },
  ];
}
