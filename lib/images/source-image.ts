import { CustomResource, Stack } from 'aws-cdk-lib';
import { ContainerImage, type ContainerDefinition, type ContainerImageConfig } from 'aws-cdk-lib/aws-ecs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { AcceptedFinding, ImageRequest, ScanGate } from '../../core/images/image-request';
import type { ImageSource } from './image-build';
import type { ImageSources } from './image-builds';
import type { BuiltImage } from './image-context';
import { HELD_PREFIX } from './image-repositories';

export interface SourceImageProps {
  readonly image: BuiltImage;
  readonly builds: ImageSources;
  /** Build arguments of the Dockerfile. */
  readonly variables: Record<string, string>;
  /** Image that replaces the Dockerfile's stage `environment`. @default - the stage is built */
  readonly environment?: SourceImage;
  /** Where the build also stores the image's file system. @default - nowhere */
  readonly trees?: IBucket;
  /** Lowest severity of findings that rejects the image. @default 'off' */
  readonly scanGate?: ScanGate;
  /** Findings that do not reject the image. @default - none */
  readonly acceptedFindings?: AcceptedFinding[];
}

/**
 * An image built from the sources in this package, as a resource that completes when the image
 * exists. Its tag is a hash of all inputs, so an account builds the same sources only once.
 */
export class SourceImage extends Construct {
  readonly tag: string;
  /** Digest of the image, known when the stack is deployed. */
  readonly digest: string;
  /** Findings of the image's scan. */
  readonly scan: string;
  private readonly build: ImageSource;

  constructor(scope: Construct, id: string, props: SourceImageProps) {
    super(scope, id);
    const { image, builds, environment, trees, scanGate = 'off', acceptedFindings = [] } = props;
    this.build = builds.source(image);
    const { repository, projectName, source } = this.build;
    this.tag = this.build.tag({
      ...props.variables,
      ...(environment && { ENVIRONMENT: environment.tag }),
      // The name of the bucket is not known yet.
      ...(trees && { TREES: 'yes' }),
    });
    const request: ImageRequest = {
      RepositoryName: repository.repositoryName,
      Tag: this.tag,
      HeldAs: `${HELD_PREFIX}${Stack.of(this).stackName}-${id}`,
      Project: projectName,
      Source: source,
      Variables: {
        ...props.variables,
        ...(image !== 'worker' && { TARGET: image }),
        ...(environment && { ENVIRONMENT: environment.uri }),
        ...(trees && { TREES: `s3://${trees.bucketName}/${image}` }),
        IMAGE: repository.repositoryUriForTag(this.tag),
      },
      ...(trees && { Trees: `${trees.bucketName}/${image}/` }),
      ScanGate: scanGate,
      AcceptedFindings: acceptedFindings,
    };
    const resource = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::SpotscribeImage',
      serviceToken: builds.serviceToken,
      properties: request,
    });
    this.digest = resource.getAttString('Digest');
    this.scan = resource.getAttString('Scan');
  }

  /** URI of the image with its digest. */
  get uri(): string {
    return this.build.repository.repositoryUriForDigest(this.digest);
  }

  /** The image for a container. The CDK's class would treat an unresolved digest as a tag. */
  containerImage(): ContainerImage {
    return new PinnedImage(this, this.build);
  }
}

class PinnedImage extends ContainerImage {
  constructor(
    private readonly image: SourceImage,
    private readonly build: ImageSource,
  ) {
    super();
  }

  bind(_: Construct, { taskDefinition }: ContainerDefinition): ContainerImageConfig {
    this.build.repository.grantPull(taskDefinition.obtainExecutionRole());
    return { imageName: this.image.uri };
  }
}
