import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { OUTPUT } from '../lambda/contract';
import { ImageBuilds } from './gpu/image-builds';
import { ImageRepositories } from './gpu/image-repositories';
import { ModelCache } from './gpu/model-cache';
import { Network } from './network';
import type { Settings } from './settings';

export interface FoundationStackProps extends StackProps {
  readonly settings: Settings;
}

/** Whether deployments are to bring models, and there is an engine that does not have its own. */
const fillsModels = ({ fillModels, engine, voxtralEngine }: Settings): boolean =>
  fillModels === 'codebuild' && (engine === 'whisperx' || voxtralEngine === 'voxtral');

/** What all deployment paths share: the network, the model cache and the image repositories. Costs nothing while idle. */
export class FoundationStack extends Stack {
  readonly network: Network;
  readonly modelCache: ModelCache;
  readonly images: ImageRepositories;
  readonly imageBuilds: ImageBuilds;

  constructor(scope: Construct, id: string, props: FoundationStackProps) {
    super(scope, id, props);
    const { settings } = props;
    this.network = new Network(this, 'Network', {
      availabilityZones: settings.availabilityZones,
      imageBuilds: settings.bakedMachineImage,
    });
    this.modelCache = new ModelCache(this, 'ModelCache', {
      onDestroy: settings.onDestroy,
      fill: fillsModels(settings) ? { tokenSecret: settings.huggingFaceTokenSecret } : undefined,
    });
    this.images = new ImageRepositories(this, 'Images', { onDestroy: settings.onDestroy });
    this.imageBuilds = new ImageBuilds(this, 'ImageBuilds', { repositories: this.images });
    this.exportImages();
    this.exportValue(this.network.vpc.vpcId);
    if (this.network.buildSubnet) this.exportValue(this.network.buildSubnet.subnetId);
    new CfnOutput(this, OUTPUT.modelBucket, { value: this.modelCache.bucket.bucketName });
  }

  /**
   * Exports every image and its build, whichever paths are chosen. By itself the CDK would export those of the chosen ones
   * alone, and deploying one path would then take away the exports that another one, deployed earlier, stands on.
   */
  private exportImages() {
    for (const { repositoryArn, repositoryName } of this.images.all) {
      this.exportValue(repositoryArn);
      this.exportValue(repositoryName);
    }
    for (const { project } of this.imageBuilds.all) this.exportValue(project.projectName);
    this.exportValue(this.imageBuilds.serviceToken);
  }
}
