import { Duration, Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledge';
import { PrivateBucket } from '../private-bucket';
import type { Settings } from '../settings';

export interface ModelCacheProps {
  readonly onDestroy: Settings['onDestroy'];
}

const PREFIX = 'models/';

/** The bucket that machines bring their models from: `models/<name>/…`. */
export class ModelCache extends Construct {
  readonly bucket: IBucket;

  constructor(scope: Construct, id: string, props: ModelCacheProps) {
    super(scope, id);
    this.bucket = new PrivateBucket(this, 'Bucket', {
      onDestroy: props.onDestroy,
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    }).bucket;
  }

  /** Lets a machine list and read models. */
  grantFetch(grantee: IGrantable) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [this.bucket.arnForObjects(`${PREFIX}*`)],
      }),
    );
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': `${PREFIX}*` } },
      }),
    );
    // The grantee lives in another stack: the policy names the bucket by this stack's export.
    const stack = Stack.of(this);
    const { 'Fn::ImportValue': name } = stack.resolve(stack.exportValue(this.bucket.bucketArn)) as Record<
      string,
      string
    >;
    acknowledgeWildcard(grantee, `${name}/${PREFIX}*`, 'A model is as many files as its makers chose.');
  }
}
