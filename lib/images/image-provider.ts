import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Provider } from 'aws-cdk-lib/custom-resources';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeWildcard, findingName } from '../policies/acknowledge';
import { acknowledgeProvider } from '../policies/acknowledge-provider';
import { handlerFunction } from '../functions/handler';
import type { ImageBuild } from './image-build';

export interface ImageProviderProps {
  /** Builds that the provider may start. */
  readonly builds: ImageBuild[];
  /** Where file systems of images are stored. */
  readonly trees: IBucket;
}

/** Custom-resource provider for images: one function starts a build, the other one is polled. */
export class ImageProvider extends Construct {
  /** Service token for custom resources. */
  readonly serviceToken: string;

  constructor(scope: Construct, id: string, { builds, trees }: ImageProviderProps) {
    super(scope, id);
    const request = handlerFunction(this, 'RequestImage', {
      file: 'images/request-image',
      description: 'Starts the build of an image that a stack requests, unless it exists',
      environment: {},
      timeout: Duration.minutes(1),
    });
    const ready = handlerFunction(this, 'ImageReady', {
      file: 'images/image-ready',
      description: 'Reports whether the requested image is ready, and its digest',
      environment: {},
      timeout: Duration.minutes(1),
    });
    const repositories = builds.map(({ repository }) => repository.repositoryArn);
    const projects = builds.map(({ project }) => project.projectArn);
    request.addToRolePolicy(
      new PolicyStatement({
        actions: ['ecr:DescribeImages', 'ecr:BatchDeleteImage'],
        resources: repositories,
      }),
    );
    // The second function starts the build if CodeBuild refused at first.
    for (const handler of [request, ready])
      handler.addToRolePolicy(
        new PolicyStatement({
          actions: ['codebuild:BatchGetBuilds', 'codebuild:ListBuildsForProject', 'codebuild:StartBuild'],
          resources: projects,
        }),
      );
    ready.addToRolePolicy(
      new PolicyStatement({
        actions: [
          'ecr:BatchGetImage',
          'ecr:DescribeImageScanFindings',
          'ecr:DescribeImages',
          'ecr:GetDownloadUrlForLayer',
          'ecr:ListImages',
          // For the tag that marks an image as used by a stack.
          'ecr:PutImage',
        ],
        resources: repositories,
      }),
    );
    // Deletes the file systems of images that no longer exist.
    ready.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [trees.bucketArn] }));
    ready.addToRolePolicy(
      new PolicyStatement({ actions: ['s3:DeleteObject'], resources: [trees.arnForObjects('*')] }),
    );
    acknowledgeWildcard(
      ready,
      `${findingName(trees, 'Arn')}/*`,
      'The bucket holds only file systems of images, whose keys are hashes.',
    );
    for (const { log } of builds) log.grant(ready, 'logs:GetLogEvents');
    const provider = new Provider(this, 'Provider', {
      onEventHandler: request,
      isCompleteHandler: ready,
      queryInterval: Duration.seconds(5),
      // CloudFormation's own limit.
      totalTimeout: Duration.hours(1),
      logGroup: new LogGroup(this, 'ProviderLog', {
        retention: RetentionDays.TWO_WEEKS,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    });
    this.serviceToken = provider.serviceToken;
    acknowledgeProvider(provider, [request, ready]);
  }
}
