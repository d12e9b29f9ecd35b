import { Duration } from 'aws-cdk-lib';
import type { LifecycleRule } from 'aws-cdk-lib/aws-s3';
import { KEY } from '../../core/contract/keys';

/** Longest time for which S3 keeps a recording that another one replaced in the inbox: its job may still wait for a machine. */
const MOST_REPLACED_DAYS = 7;

/**
 * When S3 ends what is in the media bucket. With versions that takes two steps: what has expired, or was deleted without
 * naming a version, becomes a version of the past, and that ends some days later.
 */
export function mediaLifecycle(retention: Duration): LifecycleRule[] {
  const days = retention.toDays();
  // A recording in the inbox is of use until its job has run. Both steps together make up the retention; each takes a day at
  // least.
  const replacedDays = Math.max(1, Math.min(MOST_REPLACED_DAYS, Math.floor(days / 2)));
  return [
    // Results can be read for the whole retention, and are gone the day after.
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
