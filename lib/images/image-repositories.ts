import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  type CfnRepository,
  type IRepository,
  Repository,
  RepositoryEncryption,
  TagStatus,
} from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import { acknowledge } from '../policies/acknowledge';
import type { Settings } from '../settings';

export interface ImageRepositoriesProps {
  readonly onDestroy: Settings['onDestroy'];
}

/** Begins the tags that stacks give the images that they run. They move with them, as no other tag does. */
export const HELD_PREFIX = 'in-use-';

/** One repository an image; tags are content hashes and never move, but for those of stacks. */
export class ImageRepositories extends Construct {
  readonly worker: IRepository;
  readonly whisper: IRepository;
  readonly voxtral: IRepository;
  /** What the model services' images stand on. No machine pulls it by itself. */
  readonly environment: IRepository;

  constructor(scope: Construct, id: string, props: ImageRepositoriesProps) {
    super(scope, id);
    this.worker = this.repository('Worker', props);
    this.whisper = this.repository('Whisper', props);
    this.voxtral = this.repository('Voxtral', props);
    this.environment = this.repository('Environment', props);
  }

  get all(): IRepository[] {
    return [this.worker, this.whisper, this.voxtral, this.environment];
  }

  private repository(id: string, { onDestroy }: ImageRepositoriesProps): IRepository {
    const erase = onDestroy === 'delete';
    const repository = new Repository(this, id, {
      imageScanOnPush: true,
      encryption: RepositoryEncryption.AES_256,
      lifecycleRules: [
        // What a rule is about is out of reach of those after it: an image that a stack runs is never the sixth.
        { rulePriority: 1, tagStatus: TagStatus.TAGGED, tagPrefixList: [HELD_PREFIX], maxImageCount: 1000 },
        { rulePriority: 2, tagStatus: TagStatus.UNTAGGED, maxImageAge: Duration.days(1) },
        // A model service's image is gigabytes ($0.10 per GB and month): enough to roll back, no more.
        { rulePriority: 3, tagStatus: TagStatus.ANY, maxImageCount: 5 },
      ],
      removalPolicy: erase ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      emptyOnDelete: erase,
    });
    const resource = repository.node.defaultChild as CfnRepository;
    resource.imageTagMutability = 'IMMUTABLE_WITH_EXCLUSION';
    resource.imageTagMutabilityExclusionFilters = [
      {
        imageTagMutabilityExclusionFilterType: 'WILDCARD',
        imageTagMutabilityExclusionFilterValue: `${HELD_PREFIX}*`,
      },
    ];
    acknowledge(
      repository,
      'cdk-validator-cfnguard::ecr_private_tag_immutability_enabled_check',
      'Every tag is immutable but for those that say what a stack runs; containers pin digests.',
    );
    return repository;
  }
}
