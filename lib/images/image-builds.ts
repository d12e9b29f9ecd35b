import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { ImageBuild, type ImageSource } from './image-build';
import { SERVICES } from '../services';
import { BUILT_IMAGES, type BuiltImage } from './image-context';
import { byName, idOf } from './image-name';
import { ImageProvider } from './image-provider';
import type { ImageRepositories } from './image-repositories';

export interface ImageBuildsProps {
  readonly repositories: ImageRepositories;
  /** Where file systems of images are stored. */
  readonly trees: IBucket;
  /** Root folder of this package. @default - the package that contains this file */
  readonly root?: string;
}

/** Where a stack gets its images. */
export interface ImageSources {
  source(image: BuiltImage): ImageSource;
  /** Where file systems of images are stored. */
  readonly trees: IBucket;
  /** Service token for custom resources that request an image. */
  readonly serviceToken: string;
}

/** The builds of all images, shared by all paths. An image is built when a path requests it. */
export class ImageBuilds extends Construct implements ImageSources {
  readonly of: Record<BuiltImage, ImageBuild>;
  readonly trees: IBucket;
  private readonly provider: ImageProvider;

  constructor(scope: Construct, id: string, { repositories, trees, root }: ImageBuildsProps) {
    super(scope, id);
    this.trees = trees;
    this.of = byName(
      BUILT_IMAGES,
      (image) =>
        new ImageBuild(this, idOf(image), {
          image,
          repository: repositories.of[image],
          trees,
          base: image in SERVICES ? repositories.of.environment : undefined,
          root,
        }),
    );
    this.provider = new ImageProvider(this, 'Provider', { builds: this.all, trees });
  }

  source(image: BuiltImage): ImageSource {
    return this.of[image];
  }

  get serviceToken(): string {
    return this.provider.serviceToken;
  }

  get all(): ImageBuild[] {
    return Object.values(this.of);
  }
}
