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
import { BUILT_IMAGES, type BuiltImage } from './image-context';
import { byName, idOf } from './image-name';

export interface ImageRepositoriesProps {
  readonly onDestroy: Settings['onDestroy'];
}

/** Prefix of the tags that mark images in use by a stack. Only these tags move between images. */
export const HELD_PREFIX = 'in-use-';

/** One repository per image. Tags are content hashes and immutable, except the tags of stacks. */
export class ImageRepositories extends Construct {
  /** Machines do not pull `environment`, the families that the model services are built on, directly. */
  readonly of: Readonly<Record<BuiltImage, IRepository>>;

  constructor(scope: Construct, id: string, props: ImageRepositoriesProps) {
    super(scope, id);
    this.of = byName(BUILT_IMAGES, (image) => this.repository(idOf(image), props));
  }

  get all(): IRepository[] {
    return Object.values(this.of);
  }

  private repository(id: string, { onDestroy }: ImageRepositoriesProps): IRepository {
    const erase = onDestroy === 'delete';
    const repository = new Repository(this, id, {
      imageScanOnPush: true,
      encryption: RepositoryEncryption.AES_256,
      lifecycleRules: [
        // Later rules ignore images that this rule matches, so images in use never expire.
        { rulePriority: 1, tagStatus: TagStatus.TAGGED, tagPrefixList: [HELD_PREFIX], maxImageCount: 1000 },
        { rulePriority: 2, tagStatus: TagStatus.UNTAGGED, maxImageAge: Duration.days(1) },
        // Images of model services have gigabytes ($0.10 per GB and month): keep a few to roll
        // back.
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
      'All tags are immutable except those that mark images in use. Containers pin digests.',
    );
    return repository;
  }
}
