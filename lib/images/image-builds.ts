import { Construct } from 'constructs';
import { ImageBuild, type ImageSource } from './image-build';
import type { BuiltImage } from './image-context';
import { ImageProvider } from './image-provider';
import type { ImageRepositories } from './image-repositories';

export interface ImageBuildsProps {
  readonly repositories: ImageRepositories;
  /** Folder of this package. @default - the one that this file lies in */
  readonly root?: string;
}

/** How a stack gets images. */
export interface ImageSources {
  source(image: BuiltImage): ImageSource;
  /** What a custom resource that stands for an image names as its provider. */
  readonly serviceToken: string;
}

/** How each image is built, for all paths. None is until a path asks for it. */
export class ImageBuilds extends Construct implements ImageSources {
  readonly of: Record<BuiltImage, ImageBuild>;
  private readonly provider: ImageProvider;

  constructor(scope: Construct, id: string, { repositories, root }: ImageBuildsProps) {
    super(scope, id);
    const { worker, environment, whisper, voxtral } = repositories;
    const base = environment;
    this.of = {
      worker: new ImageBuild(this, 'Worker', { image: 'worker', repository: worker, root }),
      environment: new ImageBuild(this, 'Environment', {
        image: 'environment',
        repository: environment,
        root,
      }),
      whisper: new ImageBuild(this, 'Whisper', { image: 'whisper', repository: whisper, base, root }),
      voxtral: new ImageBuild(this, 'Voxtral', { image: 'voxtral', repository: voxtral, base, root }),
    };
    this.provider = new ImageProvider(this, 'Provider', { builds: this.all });
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
