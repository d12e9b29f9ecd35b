import { resolve } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { AcceptedFinding, ScanGate } from '../../core/images/image-request';
import { SERVICES } from '../services';
import { type Family, familyOf, type Requirements } from './families';
import type { ImageSources } from './image-builds';
import { bundles, withContext } from './image-context';
import type { ImageName } from './image-name';
import { SourceImage, type SourceImageProps } from './source-image';

/**
 * Official images from a registry without rate limits per IP address, which CodeBuild machines
 * share.
 */
const BASE_IMAGE = {
  node: 'public.ecr.aws/docker/library/node:24-slim',
  python: 'public.ecr.aws/docker/library/python:3.12-slim',
};

export interface LocalImageProps {
  readonly image: ImageName;
  /** Packages of a model service; the worker ignores them. */
  readonly requirements: Requirements;
}

export interface BuiltImageProps extends LocalImageProps {
  readonly builds: ImageSources;
  /** Changing it rebuilds the image on the current base image and packages. */
  readonly edition: string;
  /** Lowest severity of findings that rejects the image. */
  readonly scanGate: ScanGate;
  readonly acceptedFindings: AcceptedFinding[];
}

/** The image of a container, and how it gets into a registry. */
export class ServiceImage {
  /**
   * An image that CodeBuild builds from the sources in this package during deployment, unless an
   * image of the same sources exists. Containers pin its digest.
   */
  static fromSource(scope: Construct, id: string, props: BuiltImageProps): ServiceImage {
    const { image, builds, scanGate, acceptedFindings } = props;
    const made: Pick<SourceImageProps, 'variables' | 'environment'> =
      image === 'worker'
        ? { variables: { BASE_IMAGE: BASE_IMAGE.node, ...edition(props) } }
        : {
            // Docker also resolves the base image of a stage that it does not build.
            variables: { BASE_IMAGE: BASE_IMAGE.python, REQUIREMENTS: props.requirements },
            environment: environmentOf(
              scope,
              familyOf(SERVICES[image].image.families, props.requirements),
              props,
            ),
          };
    const built = new SourceImage(scope, id, { image, builds, ...made, scanGate, acceptedFindings });
    return new ServiceImage(built.containerImage(), built.uri, built.scan);
  }

  /**
   * An image that Docker (or the program in `CDK_DOCKER`) builds here and pushes during deployment.
   */
  static fromLocalDocker(
    scope: Construct,
    id: string,
    { image, requirements }: LocalImageProps,
  ): ServiceImage {
    const images = image === 'worker' ? ([image] as const) : (['environment', image] as const);
    const asset = withContext(
      { images, bundle: bundles(scope) },
      (directory) =>
        new DockerImageAsset(scope, id, {
          directory,
          platform: Platform.LINUX_AMD64,
          ...(image !== 'worker' && {
            target: image,
            buildArgs: {
              FAMILY: familyOf(SERVICES[image].image.families, requirements),
              REQUIREMENTS: requirements,
            },
          }),
        }),
    );
    return new ServiceImage(ContainerImage.fromDockerImageAsset(asset), asset.imageUri);
  }

  /**
   * An image that Docker builds here from a folder with a Dockerfile and pushes during deployment.
   *
   * @param folder relative to the app's folder
   */
  static fromFolder(scope: Construct, id: string, folder: string): ServiceImage {
    const asset = new DockerImageAsset(scope, id, {
      directory: resolve(folder),
      platform: Platform.LINUX_AMD64,
    });
    return new ServiceImage(ContainerImage.fromDockerImageAsset(asset), asset.imageUri);
  }

  /**
   * An image by its URI with tag or digest. The task may pull it from ECR; other registries must be
   * public.
   */
  static fromRegistry(scope: Construct, id: string, uri: string): ServiceImage {
    const address = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)[:@](.+)$/.exec(uri);
    if (address === null) return new ServiceImage(ContainerImage.fromRegistry(uri), uri);
    const [, account, region, repositoryName = '', version] = address;
    const repository = Repository.fromRepositoryAttributes(scope, id, {
      repositoryName,
      repositoryArn: Stack.of(scope).formatArn({
        service: 'ecr',
        resource: 'repository',
        account,
        region,
        resourceName: repositoryName,
      }),
    });
    return new ServiceImage(ContainerImage.fromEcrRepository(repository, version), uri);
  }

  private constructor(
    private readonly image: ContainerImage,
    /** URI with tag or digest. Its parts may be tokens. */
    readonly uri: string,
    /** Findings of the image's scan. Undefined if the image is not scanned. */
    readonly scan?: string,
  ) {}

  containerImage(): ContainerImage {
    return this.image;
  }
}

/** Construct ids of the families. Two are older than the families, and ids must not change. */
const FAMILY_ID: Record<Family, string> = {
  plain: 'Environment-plain',
  audio: 'Environment-laptop',
  torch: 'Environment-torch',
  'torch-audio': 'Environment-production',
};

/** The image of a family: one for all services of a stack that are built on it. */
function environmentOf(scope: Construct, family: Family, props: BuiltImageProps): SourceImage {
  const id = FAMILY_ID[family];
  const known = scope.node.tryFindChild(id);
  if (known instanceof SourceImage) return known;
  return new SourceImage(scope, id, {
    image: 'environment',
    builds: props.builds,
    variables: { BASE_IMAGE: BASE_IMAGE.python, FAMILY: family, ...edition(props) },
  });
}

/** A variable that no build reads. It only changes the tag. */
const edition = (props: BuiltImageProps): Record<string, string> =>
  props.edition === '' ? {} : { EDITION: props.edition };
