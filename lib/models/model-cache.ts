import { Duration } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeWildcard, findingName } from '../policies/acknowledge';
import { PrivateBucket } from '../private-bucket';
import type { Settings } from '../settings';
import { ModelFilling } from './model-filling';

export interface ModelCacheProps {
  readonly onDestroy: Settings['onDestroy'];
  /**
   * Name or ARN of the secret with a token of the hub.
   *
   * @default - models that need one are skipped
   */
  readonly tokenSecret?: string;
}

const PREFIX = 'models/';

/**
 * The bucket with the models for the machines (`models/<name>/<revision>/…`), and what fills it.
 */
export class ModelCache extends Construct {
  readonly bucket: IBucket;
  /** Exists with any settings: a path that used it needs it until the path is deleted. */
  readonly filling: ModelFilling;

  constructor(scope: Construct, id: string, { onDestroy, tokenSecret }: ModelCacheProps) {
    super(scope, id);
    this.bucket = new PrivateBucket(this, 'Bucket', {
      onDestroy,
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    }).bucket;
    this.filling = new ModelFilling(this, 'Filling', { cache: this, tokenSecret });
  }

  /** Lets a function of this stack list and read models. */
  grantFetch(grantee: IGrantable) {
    grantModelFetch(this.bucket, findingName(this.bucket, 'Arn'), grantee);
  }

  /** Lets a build write models and list existing ones. */
  grantFill(grantee: IGrantable) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:PutObject'],
        resources: [this.bucket.arnForObjects(`${PREFIX}*`)],
      }),
    );
    // Without s3:ListBucket S3 answers 403 instead of 404 for a missing model.
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
        resources: [this.bucket.bucketArn],
      }),
    );
    acknowledgeFiles(findingName(this.bucket, 'Arn'), grantee);
  }
}

/**
 * Lets a grantee list and read models.
 *
 * @param arn of the bucket, in cdk-nag's notation for findings
 */
export function grantModelFetch(bucket: IBucket, arn: string, grantee: IGrantable) {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['s3:GetObject'], resources: [bucket.arnForObjects(`${PREFIX}*`)] }),
  );
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['s3:ListBucket'],
      resources: [bucket.bucketArn],
      conditions: { StringLike: { 's3:prefix': `${PREFIX}*` } },
    }),
  );
  acknowledgeFiles(arn, grantee);
}

const acknowledgeFiles = (arn: string, grantee: IGrantable) =>
  acknowledgeWildcard(grantee, `${arn}/${PREFIX}*`, 'A model consists of any number of files.');
