import { Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { AcceptedFinding, ScanGate } from '../../core/images/image-request';
import type { ImageSources } from './image-builds';
import { bundles, type Requirements, withContext } from './image-context';
import type { ImageName } from './image-name';
import { SourceImage, type SourceImageProps } from './source-image';

/** The official images, from where they can be pulled by many who share an address, as CodeBuild's machines do. */
const BASE_IMAGE = {
  node: 'public.ecr.aws/docker/library/node:24-slim',
  python: 'public.ecr.aws/docker/library/python:3.12-slim',
};

export interface LocalImageProps {
  readonly image: ImageName;
  /** Packages of a model service; the worker has none. */
  readonly requirements: Requirements;
}

export interface BuiltImageProps extends LocalImageProps {
  readonly builds: ImageSources;
  /** Another one has the image built anew, on the base image and the packages of that day. */
  readonly edition: string;
  /** Least severity of findings that refuse the image. */
  readonly scanGate: ScanGate;
  readonly acceptedFindings: AcceptedFinding[];
}

/** The image of a container, and how it comes to where machines pull it from. */
export class ServiceImage {
  /**
   * An image that AWS CodeBuild builds from the sources in this package while the stack is deployed, unless there is one
   * of the same sources. Containers pin its digest.
   */
  static fromSource(scope: Construct, id: string, props: BuiltImageProps): ServiceImage {
    const { image, builds, scanGate, acceptedFindings } = props;
    const made: Pick<SourceImageProps, 'variables' | 'environment'> =
      image === 'worker'
        ? { variables: { BASE_IMAGE: BASE_IMAGE.node, ...edition(props) } }
        : // Docker asks for the base image of a stage that it does not build, too.
          { variables: { BASE_IMAGE: BASE_IMAGE.python }, environment: environmentOf(scope, props) };
    const built = new SourceImage(scope, id, { image, builds, ...made, scanGate, acceptedFindings });
    return new ServiceImage(built.containerImage(), built.scan);
  }

  /** An image that Docker on this machine, or what `CDK_DOCKER` names, builds and pushes while the stack is deployed. */
  static fromLocalDocker(
    scope: Construct,
    id: string,
    { image, requirements }: LocalImageProps,
  ): ServiceImage {
    const service = image !== 'worker';
    const images = service ? (['environment', image] as const) : ([image] as const);
    const asset = withContext(
      { images, bundle: bundles(scope) },
      (directory) =>
        new DockerImageAsset(scope, id, {
          directory,
          platform: Platform.LINUX_AMD64,
          ...(service && { target: image, buildArgs: { REQUIREMENTS: requirements } }),
        }),
    );
    return new ServiceImage(ContainerImage.fromDockerImageAsset(asset));
  }

  /** Any image, by its address with a tag or a digest. One in ECR may be pulled by the task; others have to be public. */
  static fromRegistry(scope: Construct, id: string, uri: string): ServiceImage {
    const address = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)[:@](.+)$/.exec(uri);
    if (address === null) return new ServiceImage(ContainerImage.fromRegistry(uri));
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
    return new ServiceImage(ContainerImage.fromEcrRepository(repository, version));
  }

  private constructor(
    private readonly image: ContainerImage,
    /** What the image's scan found. Undefined where nobody asks. */
    readonly scan?: string,
  ) {}

  containerImage(): ContainerImage {
    return this.image;
  }
}

/** The packages that a stack's model services stand on: one image for all that want the same. */
function environmentOf(scope: Construct, props: BuiltImageProps): SourceImage {
  const { builds, requirements } = props;
  const id = `Environment-${requirements}`;
  const known = scope.node.tryFindChild(id);
  if (known instanceof SourceImage) return known;
  return new SourceImage(scope, id, {
    image: 'environment',
    builds,
    variables: { BASE_IMAGE: BASE_IMAGE.python, REQUIREMENTS: requirements, ...edition(props) },
  });
}

/** A variable that no build reads: it is part of the tag. */
const edition = (props: BuiltImageProps): Record<string, string> =>
  props.edition === '' ? {} : { EDITION: props.edition };
