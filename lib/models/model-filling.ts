import { join } from 'node:path';
import { ArnFormat, AssetHashType, DockerImage, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BuildSpec, ComputeType, LinuxBuildImage, Project, Source } from 'aws-cdk-lib/aws-codebuild';
import { type IGrantable, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import { ENV } from '../../core/contract/environment';
import { acknowledge } from '../policies/acknowledge';
import { acknowledgeProvider } from '../policies/acknowledge-provider';
import { handlerFunction } from '../functions/handler';

/** CloudFormation waits an hour for a resource at most. */
const TIMEOUT = Duration.minutes(50);
const COMMANDS = join(__dirname, '..', '..', 'cli', 'models');

/** What the filling needs of the cache. */
export interface FilledCache {
  readonly bucket: IBucket;
  /** Lets a function list and read models. */
  grantFetch(grantee: IGrantable): void;
  /** Lets a build write models, and see what is there of them. */
  grantFill(grantee: IGrantable): void;
}

export interface ModelFillingProps {
  readonly cache: FilledCache;
  /** Name or ARN of the secret with a token of the hub. @default - models that need one are left out */
  readonly tokenSecret?: string;
}

/**
 * Brings models from the hub into the cache while a path is deployed. It runs what `spotscribe models push` runs, on a
 * machine of CodeBuild's.
 */
export class ModelFilling extends Construct {
  private readonly project: Project;
  /** What a custom resource that stands for a path's models names as its provider. */
  readonly serviceToken: string;

  constructor(scope: Construct, id: string, { cache, tokenSecret }: ModelFillingProps) {
    super(scope, id);
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
  }

  /** Name of the CodeBuild project that brings models. */
  get projectName(): string {
    return this.project.projectName;
  }

  private provider(cache: FilledCache, log: LogGroup): Provider {
    const { projectArn } = this.project;
    const [fill, filled] = (
      [
        [
          'FillModels',
          'models/fill-models',
          'Starts the build that brings models which are not in the cache',
        ],
        ['ModelsFilled', 'models/models-filled', 'Says whether a path’s models are in the cache'],
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
