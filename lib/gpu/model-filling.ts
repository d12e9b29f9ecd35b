import { join } from 'node:path';
import {
  ArnFormat,
  AssetHashType,
  CfnOutput,
  CustomResource,
  DockerImage,
  Duration,
  RemovalPolicy,
  Stack,
} from 'aws-cdk-lib';
import { BuildSpec, ComputeType, LinuxBuildImage, Project, Source } from 'aws-cdk-lib/aws-codebuild';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import { ENV, OUTPUT } from '../../lambda/contract';
import type { FillRequest } from '../../lambda/fill-models';
import type { WantedModel } from '../../lambda/model-layout';
import { acknowledge } from '../acknowledge';
import { acknowledgeProvider } from '../acknowledge-provider';
import { handlerFunction } from '../jobs/handler';
import type { ModelCache } from './model-cache';

/** CloudFormation waits an hour for a resource at most. */
const TIMEOUT = Duration.minutes(50);
const COMMANDS = join(__dirname, '..', '..', 'cli', 'models');

export interface ModelFillingProps {
  readonly cache: ModelCache;
  /** Name or ARN of the secret with a token of the hub. @default - models that need one are left out */
  readonly tokenSecret?: string;
}

/**
 * Brings models from the hub into the cache while a path is deployed. It runs what `spotscribe models push` runs, on a
 * machine of CodeBuild's.
 */
export class ModelFilling extends Construct {
  private readonly project: Project;
  private readonly serviceToken: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ModelFillingProps,
  ) {
    super(scope, id);
    const { cache, tokenSecret } = props;
    const log = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('codebuild.amazonaws.com') });
    const program = fillProgram(this, 'Program');
    this.project = new Project(this, 'Project', {
      description: 'Brings models from the hub into the cache',
      role: role.withoutPolicyUpdates(),
      source: Source.s3({ bucket: program.bucket, path: program.s3ObjectKey }),
      buildSpec: BuildSpec.fromObjectToYaml({
        version: '0.2',
        phases: {
          install: { 'runtime-versions': { nodejs: 22 } },
          build: { commands: [...(tokenSecret === undefined ? [] : [TOKEN]), 'node fill-models.cjs'] },
        },
      }),
      environment: { buildImage: LinuxBuildImage.STANDARD_7_0, computeType: ComputeType.SMALL },
      environmentVariables: {
        [ENV.modelBucket]: { value: cache.bucket.bucketName },
        ...(tokenSecret !== undefined && { TOKEN_SECRET: { value: tokenSecret } }),
      },
      timeout: TIMEOUT,
      logging: { cloudWatch: { logGroup: log } },
    });
    acknowledge(
      this.project,
      'AwsSolutions-CB4',
      'It makes no artifacts: models are encrypted by their bucket.',
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:GetObjectVersion'],
        resources: [program.bucket.arnForObjects(program.s3ObjectKey)],
      }),
    );
    log.grantWrite(role);
    cache.grantFill(role);
    if (tokenSecret !== undefined) this.grantToken(role, tokenSecret);
    const provider = this.provider(cache, log);
    // No build starts before it may do its work.
    provider.node.addDependency(role);
    this.serviceToken = provider.serviceToken;
    // Whichever paths are chosen: another one, deployed earlier, may stand on these.
    const stack = Stack.of(this);
    for (const value of [this.serviceToken, this.project.projectName]) stack.exportValue(value);
  }

  /** A resource of a path's stack that is there once its models are, with what could not be brought as an output. */
  bring(scope: Construct, id: string, models: WantedModel[]): CustomResource {
    const resource = new CustomResource(scope, id, {
      resourceType: 'Custom::SpotscribeModels',
      serviceToken: this.serviceToken,
      properties: {
        Bucket: this.props.cache.bucket.bucketName,
        Models: JSON.stringify(models),
        Project: this.project.projectName,
      } satisfies FillRequest,
    });
    new CfnOutput(Stack.of(scope), OUTPUT.modelsLeftOut, { value: resource.getAttString('LeftOut') });
    return resource;
  }

  private provider(cache: ModelCache, log: LogGroup): Provider {
    const { projectArn } = this.project;
    const [fill, filled] = (
      [
        ['FillModels', 'fill-models', 'Starts the build that brings models which are not in the cache'],
        ['ModelsFilled', 'models-filled', 'Says whether a path’s models are in the cache'],
      ] as const
    ).map(([id, file, description]) =>
      handlerFunction(this, id, { file, description, environment: {}, timeout: Duration.minutes(1) }),
    );
    for (const handler of [fill!, filled!]) {
      cache.grantFetch(handler);
      // A build that CodeBuild refuses to start at first is started by the second function.
      handler.addToRolePolicy(
        new PolicyStatement({
          actions: ['codebuild:BatchGetBuilds', 'codebuild:ListBuildsForProject', 'codebuild:StartBuild'],
          resources: [projectArn],
        }),
      );
    }
    log.grant(filled!, 'logs:GetLogEvents');
    const provider = new Provider(this, 'Provider', {
      onEventHandler: fill!,
      isCompleteHandler: filled,
      queryInterval: Duration.seconds(5),
      totalTimeout: Duration.hours(1),
      logGroup: new LogGroup(this, 'ProviderLog', {
        retention: RetentionDays.TWO_WEEKS,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    });
    acknowledgeProvider(provider, [fill!, filled!]);
    return provider;
  }

  /** The one secret, and nothing else of the account's. */
  private grantToken(role: Role, secret: string) {
    const named = Stack.of(this).formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      // Secrets Manager appends six characters to a name.
      resourceName: `${secret}-??????`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        resources: [secret.startsWith('arn:') ? secret : named],
      }),
    );
  }
}

/** A secret that is missing or refused must not end the build: the models that need the token are left out then. */
const TOKEN =
  'export HF_TOKEN="$(aws secretsmanager get-secret-value --secret-id "$TOKEN_SECRET" --query SecretString --output text' +
  ' || echo "The secret $TOKEN_SECRET cannot be read: models that need a token are left out" >&2)"';

/** What the project runs, as one file. */
const fillProgram = (scope: Construct, id: string): Asset =>
  new Asset(scope, id, {
    path: COMMANDS,
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('none'),
      local: {
        tryBundle(folder) {
          buildSync({
            entryPoints: [join(COMMANDS, 'fill.ts')],
            outfile: join(folder, 'fill-models.cjs'),
            bundle: true,
            minify: true,
            platform: 'node',
            target: 'node22',
            format: 'cjs',
            logLevel: 'warning',
          });
          return true;
        },
      },
    },
  });
