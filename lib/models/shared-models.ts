import { CfnOutput, CustomResource, Stack } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { OUTPUT } from '../../core/contract/environment';
import type { FillRequest } from '../../core/models/fill-request';
import type { WantedModel } from '../../core/models/model-layout';
import { grantModelFetch } from './model-cache';
import type { SharedValues } from '../shared-values';

/** A path's view of the foundation's models. */
export class SharedModels extends Construct {
  readonly bucket: IBucket;

  /** @param values shared values of the foundation */
  constructor(
    scope: Construct,
    id: string,
    private readonly values: SharedValues,
  ) {
    super(scope, id);
    this.bucket = Bucket.fromBucketName(this, 'Bucket', values.read(this, 'ModelBucketName'));
  }

  /** Lets a machine list and read models. */
  grantFetch(grantee: IGrantable) {
    const { Ref } = Stack.of(this).resolve(this.bucket.bucketName) as { Ref: string };
    grantModelFetch(this.bucket, `arn:<AWS::Partition>:s3:::<${Ref}>`, grantee);
  }

  /**
   * Adds a resource that completes when the models are in the cache, and an output with missing
   * models.
   */
  bring(scope: Construct, id: string, models: WantedModel[]): CustomResource {
    const resource = new CustomResource(scope, id, {
      resourceType: 'Custom::SpotscribeModels',
      serviceToken: this.values.read(this, 'ModelProvider'),
      properties: {
        Bucket: this.bucket.bucketName,
        Models: JSON.stringify(models),
        Project: this.values.read(this, 'ModelProject'),
      } satisfies FillRequest,
    });
    new CfnOutput(Stack.of(scope), OUTPUT.modelsLeftOut, { value: resource.getAttString('LeftOut') });
    return resource;
  }
}
