import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { FileSystem, IgnoreMode } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import type { ImageName } from './image-repositories';

const PACKAGE = join(__dirname, '..', '..');

/** What the environment of all model services is made of. */
const ENVIRONMENT = [
  'docker/Dockerfile',
  'docker/layers.sh',
  ...['whisper', 'voxtral'].flatMap((service) =>
    ['laptop', 'production'].map((kind) => `docker/${service}/requirements.${kind}.txt`),
  ),
];

/** What each image is made of: a change in any of these is a new tag, and nothing else is. */
const SOURCES: Record<ImageName, string[]> = {
  worker: ['docker/worker', 'lambda', 'package-lock.json'],
  whisper: [...ENVIRONMENT, 'docker/common/spotscribe_common', 'docker/whisper/spotscribe_whisper'],
  voxtral: [...ENVIRONMENT, 'docker/common/spotscribe_common', 'docker/voxtral/spotscribe_voxtral'],
};

/** Hash of an image's sources, used as its tag: the same sources always name the same image. */
export function sourceTag(image: ImageName, root = PACKAGE): string {
  const hash = createHash('sha256');
  for (const source of SOURCES[image]) {
    hash.update(
      FileSystem.fingerprint(join(root, source), {
        exclude: ['**/__pycache__', '**/dist', '**/*.md'],
        ignoreMode: IgnoreMode.GLOB,
      }),
    );
  }
  return hash.digest('hex').slice(0, 40);
}

/** The image of a container, by repository and tag. */
export class ServiceImage {
  /** The image that `spotscribe images push` builds from the sources in this package. */
  static fromSource(repository: IRepository, image: ImageName): ServiceImage {
    return new ServiceImage(repository, sourceTag(image));
  }

  /** An image that is in the repository already. */
  static fromTag(repository: IRepository, tag: string): ServiceImage {
    return new ServiceImage(repository, tag);
  }

  private constructor(
    private readonly repository: IRepository,
    private readonly tag: string,
  ) {}

  /** Address of the image, with its tag. */
  get uri(): string {
    return this.repository.repositoryUriForTag(this.tag);
  }

  containerImage(): ContainerImage {
    return ContainerImage.fromEcrRepository(this.repository, this.tag);
  }
}
