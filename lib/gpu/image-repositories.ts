import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  type IRepository,
  Repository,
  RepositoryEncryption,
  TagMutability,
  TagStatus,
} from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import type { Settings } from '../settings';

export interface ImageRepositoriesProps {
  readonly onDestroy: Settings['onDestroy'];
}

/** Images that a path may run, each built from the folder of this name under `docker/`. */
export type ImageName = 'worker' | 'whisper' | 'voxtral';

/** One repository an image; tags are content hashes and never move. */
export class ImageRepositories extends Construct {
  readonly worker: IRepository;
  readonly whisper: IRepository;
  readonly voxtral: IRepository;

  constructor(scope: Construct, id: string, props: ImageRepositoriesProps) {
    super(scope, id);
    this.worker = this.repository('Worker', props);
    this.whisper = this.repository('Whisper', props);
    this.voxtral = this.repository('Voxtral', props);
  }

  private repository(id: string, { onDestroy }: ImageRepositoriesProps): IRepository {
    const erase = onDestroy === 'delete';
    return new Repository(this, id, {
      imageTagMutability: TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      encryption: RepositoryEncryption.AES_256,
      lifecycleRules: [
        { rulePriority: 1, tagStatus: TagStatus.UNTAGGED, maxImageAge: Duration.days(1) },
        // A model service's image is gigabytes ($0.10 per GB and month): enough to roll back, no more.
        { rulePriority: 2, tagStatus: TagStatus.ANY, maxImageCount: 5 },
      ],
      removalPolicy: erase ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      emptyOnDelete: erase,
    });
  }
}
