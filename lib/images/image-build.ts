import { createHash } from 'node:crypto';
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BuildSpec, ComputeType, LinuxBuildImage, Project } from 'aws-cdk-lib/aws-codebuild';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from '../policies/acknowledge';
import { type BuiltImage, bundles, withContext } from './image-context';

/** CloudFormation waits an hour for a resource at most: a build that takes longer would succeed for nobody. */
const TIMEOUT = Duration.minutes(50);

/** What a stack needs to know to ask for an image. */
export interface ImageSource {
  readonly repository: IRepository;
  /** Name of the CodeBuild project. */
  readonly projectName: string;
  /** `<bucket>/<key>` of the build's context. */
  readonly source: string;
  /** The tag of the image with these variables: what it is made of, and how, in one hash. */
  tag(variables: Record<string, string>): string;
}

export interface ImageBuildProps {
  readonly image: BuiltImage;
  /** Where the image is pushed to. */
  readonly repository: IRepository;
  /** Image that this one may stand on. @default - none of ours */
  readonly base?: IRepository;
  /** Folder of this package. @default - the one that this file lies in */
  readonly root?: string;
}

/** How one image is built from the sources in this package: they lie in S3, and a CodeBuild project waits to be started. */
export class ImageBuild extends Construct implements ImageSource {
  readonly repository: IRepository;
  readonly project: Project;
  readonly log: LogGroup;
  readonly source: string;
  private readonly context: Asset;

  constructor(scope: Construct, id: string, props: ImageBuildProps) {
    super(scope, id);
    const { image, repository, base, root } = props;
    this.repository = repository;
    this.context = withContext(
      { images: [image], bundle: bundles(this), root },
      (path) => new Asset(this, 'Context', { path }),
    );
    this.source = `${this.context.s3BucketName}/${this.context.s3ObjectKey}`;
    this.log = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('codebuild.amazonaws.com') });
    this.project = new Project(this, 'Project', {
      description: `Builds the image ${image} and pushes it`,
      role: role.withoutPolicyUpdates(),
      // The source is named by who starts it: a stack that is older than this project would get another image.
      buildSpec: BuildSpec.fromObjectToYaml({
        version: '0.2',
        phases: { build: { commands: ['bash build.sh'] } },
      }),
      environment: {
        buildImage: LinuxBuildImage.STANDARD_7_0,
        // Packages of gigabytes are compressed: four processors, 128 GB of disk, a cent a minute.
        computeType: ComputeType.MEDIUM,
        // BuildKit runs in a container of Docker's, which CodeBuild has in privileged mode alone.
        privileged: true,
      },
      timeout: TIMEOUT,
      logging: { cloudWatch: { logGroup: this.log } },
    });
    this.grant(role, base);
    for (const rule of [
      'AwsSolutions-CB3',
      'cdk-validator-cfnguard::codebuild_project_environment_privileged_check',
    ]) {
      acknowledge(
        this.project,
        rule,
        'Docker runs in privileged mode alone; the build runs sources of this package, on a machine of its own.',
      );
    }
    acknowledge(
      this.project,
      'AwsSolutions-CB4',
      'It makes no artifacts: images are encrypted by their repository.',
    );
  }

  get projectName(): string {
    return this.project.projectName;
  }

  tag(variables: Record<string, string>): string {
    return createHash('sha256')
      .update(JSON.stringify([this.context.assetHash, Object.entries(variables).sort()]))
      .digest('hex');
  }

  /** Its sources, its repository and its log, and nothing else. */
  private grant(role: Role, base?: IRepository) {
    const sources = `arn:${Aws.PARTITION}:s3:::${this.source}`;
    role.addToPolicy(
      new PolicyStatement({ actions: ['s3:GetObject', 's3:GetObjectVersion'], resources: [sources] }),
    );
    this.log.grantWrite(role);
    this.repository.grantPullPush(role);
    base?.grantPull(role);
    acknowledgeWildcard(
      role,
      '*',
      'ecr:GetAuthorizationToken works on * alone; pushing is limited to the image’s repository.',
    );
  }
}
