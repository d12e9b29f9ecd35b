import { RemovalPolicy } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from './policies/acknowledge';
import type { Settings } from './settings';

export interface PrivateBucketProps {
  readonly onDestroy: Settings['onDestroy'];
  readonly lifecycleRules: LifecycleRule[];
  /**
   * Keeps overwritten and deleted objects until a lifecycle rule, or a request that names the
   * version, deletes them.
   *
   * @default false
   */
  readonly versioned?: boolean;
}

/** An encrypted bucket that accepts only requests of its own account over TLS. */
export class PrivateBucket extends Construct {
  readonly bucket: IBucket;

  constructor(scope: Construct, id: string, props: PrivateBucketProps) {
    super(scope, id);
    const erase = props.onDestroy === 'delete';
    const bucket = new Bucket(this, 'Resource', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: props.versioned,
      lifecycleRules: props.lifecycleRules,
      removalPolicy: erase ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      autoDeleteObjects: erase,
    });
    acknowledge(
      bucket,
      'AwsSolutions-S1',
      'Access logs would need a second bucket to protect. Use CloudTrail data events instead.',
    );
    this.bucket = bucket;
  }
}
