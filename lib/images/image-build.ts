import { createHash } from 'node:crypto';
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BuildSpec, ComputeType, LinuxBuildImage, Project } from 'aws-cdk-lib/aws-codebuild';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard, findingName } from '../policies/acknowledge';
import { type BuiltImage, bundles, withContext } from './image-context';

/** CloudFormation waits at most an hour for a resource, so a longer build would be useless. */
const TIMEOUT = Duration.minutes(50);

/** What a stack needs in order to request an image. */
export interface ImageSource {
  readonly repository: IRepository;
  /** Name of the CodeBuild project. */
  readonly projectName: string;
  /** `<bucket>/<key>` of the build context. */
  readonly source: string;
  /** Image tag: a hash of the build context and these variables. */
  tag(variables: Record<string, string>): string;
}

export interface ImageBuildProps {
  readonly image: BuiltImage;
  /** Where the image is pushed to. */
  readonly repository: IRepository;
  /** Where file systems of images are stored. */
  readonly trees: IBucket;
  /** Repository of an image that this one may be based on. @default - none */
  readonly base?: IRepository;
  /** Root folder of this package. @default - the package that contains this file */
  readonly root?: string;
}

/** The CodeBuild project that builds one image, and the package sources in S3 that it uses. */
export class ImageBuild extends Construct implements ImageSource {
  readonly repository: IRepository;
  readonly project: Project;
  readonly log: LogGroup;
  readonly source: string;
  private readonly context: Asset;

  constructor(scope: Construct, id: string, props: ImageBuildProps) {
    super(scope, id);
    const { image, repository, root } = props;
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
      // The caller passes the source: a stack older than this project must get its own version.
      buildSpec: BuildSpec.fromObjectToYaml({
        version: '0.2',
        phases: { build: { commands: ['bash build.sh'] } },
      }),
      environment: {
        buildImage: LinuxBuildImage.STANDARD_7_0,
        // Compresses gigabytes of packages: four processors, 128 GB of disk, $0.01 per minute.
        computeType: ComputeType.MEDIUM,
        // BuildKit runs in Docker, which CodeBuild supports only in privileged mode.
        privileged: true,
      },
      timeout: TIMEOUT,
      logging: { cloudWatch: { logGroup: this.log } },
    });
    this.grant(role, props);
    for (const rule of [
      'AwsSolutions-CB3',
      'cdk-validator-cfnguard::codebuild_project_environment_privileged_check',
    ]) {
      acknowledge(
        this.project,
        rule,
        'Docker needs privileged mode. The build runs only sources of this package, on its own machine.',
      );
    }
    acknowledge(
      this.project,
      'AwsSolutions-CB4',
      'The build has no artifacts. The repository encrypts the images.',
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

  /** Grants access to the build's sources, repository, file systems and log only. */
  private grant(role: Role, { image, trees, base }: ImageBuildProps) {
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
      'ecr:GetAuthorizationToken supports only *. Pushing is limited to the image’s repository.',
    );
    // Machines run no family itself.
    if (image === 'environment') return;
    role.addToPolicy(
      new PolicyStatement({
        actions: ['s3:AbortMultipartUpload', 's3:PutObject'],
        resources: [trees.arnForObjects(`${image}/*`)],
      }),
    );
    acknowledgeWildcard(
      role,
      `${findingName(trees, 'Arn')}/${image}/*`,
      'Archives of one image: their keys are hashes of sources that are not known yet.',
    );
  }
}
