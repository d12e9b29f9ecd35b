import { resolve } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { builtImage, dockerArguments } from './built-image';
import { bundles, contextImages, withContext } from './image-context';
import type { BuiltImageProps, ImageForm, LocalImageProps, ProcessImage } from './process-image';

/** The image of a container, and how it gets into a registry. */
export class ServiceImage implements ProcessImage {
  /** Containers pin the digest of the image. */
  static fromSource(scope: Construct, id: string, props: BuiltImageProps): ServiceImage {
    const built = builtImage(scope, id, props);
    return new ServiceImage(built.containerImage(), built.uri, built.scan);
  }

  static fromLocalDocker(scope: Construct, id: string, props: LocalImageProps): ServiceImage {
    const asset = withContext(
      { images: contextImages(props.image), bundle: bundles(scope) },
      (directory) =>
        new DockerImageAsset(scope, id, {
          directory,
          platform: Platform.LINUX_AMD64,
          ...dockerArguments(props),
        }),
    );
    return new ServiceImage(ContainerImage.fromDockerImageAsset(asset), asset.imageUri);
  }

  static fromFolder(scope: Construct, id: string, folder: string): ServiceImage {
    const asset = new DockerImageAsset(scope, id, {
      directory: resolve(folder),
      platform: Platform.LINUX_AMD64,
    });
    return new ServiceImage(ContainerImage.fromDockerImageAsset(asset), asset.imageUri);
  }

  /** The task may pull the image from ECR; other registries must be public. */
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
    readonly uri: string,
    readonly scan?: string,
  ) {}

  containerImage(): ContainerImage {
    return this.image;
  }
}

ServiceImage satisfies ImageForm<ServiceImage>;
