import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { OUTPUT } from '../core/contract/environment';
import { acknowledge } from './policies/acknowledge';
import { ImageBuilds } from './images/image-builds';
import type { BuiltImage } from './images/image-context';
import { ImageRepositories } from './images/image-repositories';
import { ModelCache } from './models/model-cache';
import { FunctionZones } from './network/function-zones';
import { filledUp, Network } from './network/network';
import { PrivateBucket } from './private-bucket';
import type { Settings } from './settings';
import { imageValues } from './images/shared-images';
import { SharedValues } from './shared-values';

export interface FoundationStackProps extends StackProps {
  readonly settings: Settings;
}

/**
 * The network, the model cache and the image repositories that all deployment paths share. Costs
 * nothing while idle. It does not depend on the chosen paths, zones or images, so no deployment
 * removes something that a deployed path uses.
 */
export class FoundationStack extends Stack {
  /** Values that path stacks read. */
  readonly shared: SharedValues;
  readonly network: Network;
  private readonly functionZones: FunctionZones;
  readonly modelCache: ModelCache;
  readonly images: ImageRepositories;
  readonly imageBuilds: ImageBuilds;

  constructor(scope: Construct, id: string, props: FoundationStackProps) {
    super(scope, id, props);
    const { onDestroy, huggingFaceTokenSecret: tokenSecret } = props.settings;
    this.network = new Network(this, 'Network');
    this.functionZones = new FunctionZones(this, 'FunctionZones');
    this.modelCache = new ModelCache(this, 'ModelCache', { onDestroy, tokenSecret });
    this.images = new ImageRepositories(this, 'Images', { onDestroy });
    const trees = new PrivateBucket(this, 'Trees', {
      onDestroy,
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    }).bucket;
    this.imageBuilds = new ImageBuilds(this, 'ImageBuilds', { repositories: this.images, trees });
    this.shared = new SharedValues(this, 'Shared');
    this.share();
    acknowledge(
      this,
      'CloudFormation-Validate::E1022',
      'AWS documents Fn::GetAZs as a valid list for Fn::Join; the rule does not know that.',
    );
    this.exportAsBefore();
    new CfnOutput(this, OUTPUT.modelBucket, { value: this.modelCache.bucket.bucketName });
    new CfnOutput(this, 'InUse', {
      description: 'Imported by every path, so that CloudFormation cannot delete a foundation in use',
      value: this.stackName,
      exportName: this.inUse,
    });
  }

  /** Name of the only export that paths import. Its value never changes. */
  get inUse(): string {
    return `${this.stackName}:InUse`;
  }

  private share() {
    const { shared, network, modelCache, imageBuilds } = this;
    shared.share('VpcId', network.vpc.vpcId);
    shared.share('MachineSecurityGroupId', network.machineSecurityGroup.securityGroupId);
    shared.shareList('SubnetIds', network.subnetIds);
    shared.shareList('Zones', network.zones);
    shared.shareList('FunctionZones', filledUp(this.functionZones.names));
    shared.share('ModelBucketName', modelCache.bucket.bucketName);
    shared.share('ModelProvider', modelCache.filling.serviceToken);
    shared.share('ModelProject', modelCache.filling.projectName);
    shared.share('ImageProvider', imageBuilds.serviceToken);
    shared.share('TreeBucketName', imageBuilds.trees.bucketName);
    for (const [image, build] of Object.entries(imageBuilds.of)) {
      const { repository, project } = imageValues(image as BuiltImage);
      shared.share(repository, build.repository.repositoryName);
      shared.share(project, build.projectName);
    }
  }

  /**
   * Keeps the exports that paths imported before shared values existed. CloudFormation cannot
   * remove an export that is imported. Delete this when every path has been deployed with shared
   * values.
   */
  private exportAsBefore() {
    const { network, modelCache, images, imageBuilds } = this;
    const values = [
      network.vpc.vpcId,
      ...network.subnetIds,
      // Imported by paths of an earlier version that built machine images.
      network.buildSubnet.subnetId,
      network.machineSecurityGroup.securityGroupId,
      modelCache.bucket.bucketArn,
      modelCache.bucket.bucketName,
      modelCache.filling.serviceToken,
      modelCache.filling.projectName,
      ...images.all.flatMap(({ repositoryArn, repositoryName }) => [repositoryArn, repositoryName]),
      ...imageBuilds.all.map(({ projectName }) => projectName),
      imageBuilds.serviceToken,
    ];
    for (const value of values) this.exportValue(value);
  }
}
