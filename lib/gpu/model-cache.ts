import { Duration, Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct } from 'constructs';
import { acknowledgeWildcard, findingName } from '../acknowledge';
import { PrivateBucket } from '../private-bucket';
import type { Settings } from '../settings';
import { ModelFilling } from './model-filling';

export interface ModelCacheProps {
  readonly onDestroy: Settings['onDestroy'];
  /** Whether deployments fill it, and with which secret's token. @default - by hand: `spotscribe models push` */
  readonly fill?: { readonly tokenSecret?: string };
}

const PREFIX = 'models/';

/** The bucket that machines bring their models from: `models/<name>/<revision>/…`. */
export class ModelCache extends Construct {
  readonly bucket: IBucket;
  /** What fills it, if deployments do. */
  readonly filling?: ModelFilling;

  constructor(scope: Construct, id: string, props: ModelCacheProps) {
    super(scope, id);
    this.bucket = new PrivateBucket(this, 'Bucket', {
      onDestroy: props.onDestroy,
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    }).bucket;
    if (props.fill) this.filling = new ModelFilling(this, 'Filling', { cache: this, ...props.fill });
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
    this.acknowledgeFiles(grantee);
  }

  /** Lets a build write models, and see what is there of them. */
  grantFill(grantee: IGrantable) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:PutObject'],
        resources: [this.bucket.arnForObjects(`${PREFIX}*`)],
      }),
    );
    // Without s3:ListBucket a model that is not there looks like one that may not be seen.
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
        resources: [this.bucket.bucketArn],
      }),
    );
    this.acknowledgeFiles(grantee);
  }

  /** Names the wildcard as the grantee's policy does: in another stack by this stack's export. */
  private acknowledgeFiles(grantee: IGrantable) {
    const stack = Stack.of(this);
    const principal = grantee.grantPrincipal as unknown as IConstruct;
    const exported = () => {
      const value = stack.resolve(stack.exportValue(this.bucket.bucketArn)) as Record<string, string>;
      return value['Fn::ImportValue']!;
    };
    const name = Stack.of(principal) === stack ? findingName(this.bucket, 'Arn') : exported();
    acknowledgeWildcard(grantee, `${name}/${PREFIX}*`, 'A model is as many files as its makers chose.');
  }
}
