import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { ImageSource } from './image-build';
import type { ImageBuilds, ImageSources } from './image-builds';
import type { BuiltImage } from './image-context';
import type { SharedValues } from '../shared-values';

export interface SharedImagesProps {
  /** Shared values of the foundation. */
  readonly values: SharedValues;
  /** Builds of the foundation. Their sources are known at synthesis. */
  readonly builds: ImageBuilds;
}

/** A path's view of the foundation's images. Reads only the values of images that the path runs. */
export class SharedImages extends Construct implements ImageSources {
  private readonly known = new Map<BuiltImage, ImageSource>();
  private bucket: IBucket | undefined;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SharedImagesProps,
  ) {
    super(scope, id);
  }

  get trees(): IBucket {
    this.bucket ??= Bucket.fromBucketName(this, 'Trees', this.props.values.read(this, 'TreeBucketName'));
    return this.bucket;
  }

  get serviceToken(): string {
    return this.props.values.read(this, 'ImageProvider');
  }

  source(image: BuiltImage): ImageSource {
    const source = this.known.get(image) ?? this.read(image);
    this.known.set(image, source);
    return source;
  }

  private read(image: BuiltImage): ImageSource {
    const { values, builds } = this.props;
    const build = builds.of[image];
    const { repository, project } = imageValues(image);
    return {
      repository: Repository.fromRepositoryName(this, image, values.read(this, repository)),
      projectName: values.read(this, project),
      source: build.source,
      tag: (variables) => build.tag(variables),
    };
  }
}

/** Names under which the foundation shares an image. */
export const imageValues = (image: BuiltImage) => ({
  repository: `ImageRepository-${image}`,
  project: `ImageProject-${image}`,
});
