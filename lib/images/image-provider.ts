import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledgeProvider } from '../policies/acknowledge-provider';
import { handlerFunction } from '../functions/handler';
import type { ImageBuild } from './image-build';

export interface ImageProviderProps {
  /** The builds that it may start. */
  readonly builds: ImageBuild[];
}

/** What answers a stack that asks for an image: two functions, and the CDK's framework that calls the second again and again. */
export class ImageProvider extends Construct {
  /** What a custom resource names as its provider. */
  readonly serviceToken: string;

  constructor(scope: Construct, id: string, { builds }: ImageProviderProps) {
    super(scope, id);
    const request = handlerFunction(this, 'RequestImage', {
      file: 'images/request-image',
      description: 'Starts the build of an image that a stack asks for, if it is not there',
      environment: {},
      timeout: Duration.minutes(1),
    });
    const ready = handlerFunction(this, 'ImageReady', {
      file: 'images/image-ready',
      description: 'Says whether a stack’s image can be run, and by which digest',
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
    // A build that CodeBuild refuses to start at first is started by the second function.
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
          // The tag of the stack that runs an image.
          'ecr:PutImage',
        ],
        resources: repositories,
      }),
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
