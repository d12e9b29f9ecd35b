import { join } from 'node:path';
import { FileSystem, IgnoreMode } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import type { ImageName } from './image-repositories';

const PACKAGE = join(__dirname, '..', '..');

/** What each image is made of: a change in any of these is a new tag, and nothing else is. */
const SOURCES: Record<ImageName, string[]> = {
  worker: ['docker/worker', 'lambda', 'package-lock.json'],
  whisper: ['docker/common', 'docker/whisper'],
  voxtral: ['docker/common', 'docker/voxtral'],
};

/** Hash of an image's sources, used as its tag: the same sources always name the same image. */
export function sourceTag(image: ImageName, root = PACKAGE): string {
  return SOURCES[image]
    .map((source) =>
      FileSystem.fingerprint(join(root, source), {
        exclude: [
          '**/.venv',
          '**/__pycache__',
          '**/.*_cache',
          '**/dist',
          '**/tests',
          '**/*.egg-info',
          '**/*.md',
        ],
        ignoreMode: IgnoreMode.GLOB,
      }).slice(0, 12),
    )
    .join('-');
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
