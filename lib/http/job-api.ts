import { Duration, Lazy, RemovalPolicy } from 'aws-cdk-lib';
import { type CfnStage, HttpApi, HttpMethod, HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { DeployedTasks } from '../../core/contract/tasks';
import { ALL_TASKS } from '../../core/tasks';
import { ENV } from '../../core/contract/environment';
import { KEY } from '../../core/contract/keys';
import { limits } from '../environment';
import type { Settings } from '../settings';
import { acknowledge } from '../policies/acknowledge';
import { grantPutEvents } from '../jobs/completion-events';
import { corsOf } from './cors';
import { handlerFunction } from '../functions/handler';
import type { JobStore } from '../jobs/job-store';

export interface JobApiProps {
  readonly store: JobStore;
  readonly path: string;
  /** The tasks that the path's machines do. */
  readonly tasks: DeployedTasks;
  readonly settings: Settings;
}

/** The public API: jobs over HTTP, for callers with a bearer key. */
export class JobApi extends Construct {
  readonly httpApi: HttpApi;
  readonly keysTable: Table;
  readonly submitJob: NodejsFunction;
  readonly readJob: NodejsFunction;
  readonly cancelJob: NodejsFunction;
  readonly completeUpload: NodejsFunction;
  private readonly routes: string[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: JobApiProps,
  ) {
    super(scope, id);
    this.keysTable = new Table(this, 'Keys', {
      partitionKey: { name: 'key_sha256', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: props.settings.onDestroy === 'delete' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    this.submitJob = this.submitHandler();
    this.readJob = this.readHandler();
    this.cancelJob = this.cancelHandler();
    this.completeUpload = this.completeHandler();
    const noRoute = new HttpLambdaIntegration('NoRouteIntegration', this.noRouteHandler());
    const { allowedOrigins } = props.settings;
    this.httpApi = new HttpApi(this, 'Http', {
      description: 'Spotscribe jobs',
      defaultAuthorizer: new HttpLambdaAuthorizer('Callers', this.authorizeHandler(), {
        responseTypes: [HttpLambdaResponseType.SIMPLE],
        // With an identity source the gateway rejects a request without a key with its own message.
        // Without one the gateway cannot cache results, so the function caches them by key.
        identitySource: [],
        resultsCacheTtl: Duration.seconds(0),
      }),
      defaultIntegration: noRoute,
      corsPreflight: corsOf(allowedOrigins),
    });
    if (allowedOrigins !== undefined) this.openPreflight(noRoute);
    this.addJobRoutes();
    this.limitAndLog();
  }

  /** Environment variables for a function or container that checks keys. */
  get keyEnvironment(): Record<string, string> {
    const { minutesPerDayPerKey } = this.props.settings;
    return {
      [ENV.keysTable]: this.keysTable.tableName,
      ...(minutesPerDayPerKey !== undefined && { [ENV.minutesPerDayPerKey]: String(minutesPerDayPerKey) }),
    };
  }

  /** Lets the grantee look up keys. */
  grantCheckKeys(grantee: IGrantable) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['dynamodb:GetItem'], resources: [this.keysTable.tableArn] }),
    );
  }

  /** Adds a route that requires a key. */
  addRoute(method: HttpMethod, path: string, integration: HttpLambdaIntegration) {
    this.routes.push(`${method} ${path}`);
    this.httpApi.addRoutes({ path, methods: [method], integration });
  }

  private addJobRoutes() {
    const results = ALL_TASKS.map(({ resultName }) => `/v1/jobs/{id}/${resultName}`);
    const routes: [HttpMethod, string, NodejsFunction][] = [
      [HttpMethod.POST, '/v1/jobs', this.submitJob],
      [HttpMethod.GET, '/v1/jobs', this.readJob],
      [HttpMethod.GET, '/v1/jobs/{id}', this.readJob],
      [HttpMethod.DELETE, '/v1/jobs/{id}', this.cancelJob],
      [HttpMethod.POST, '/v1/jobs/{id}/upload', this.completeUpload],
      [HttpMethod.GET, '/v1/usage', this.readJob],
    ];
    for (const path of results) routes.push([HttpMethod.GET, path, this.readJob]);
    for (const [method, path, handler] of routes)
      this.addRoute(method, path, new HttpLambdaIntegration(`${handler.node.id}Integration`, handler));
  }

  /** Accepts preflight requests without a key, which the default route would reject. */
  private openPreflight(integration: HttpLambdaIntegration) {
    const [route] = this.httpApi.addRoutes({
      path: '/{proxy+}',
      methods: [HttpMethod.OPTIONS],
      integration,
      authorizer: new HttpNoneAuthorizer(),
    });
    if (route === undefined) return;
    const reason =
      'Browsers send no key with a preflight. The answer is 204 without a body, with the gateway’s headers only.';
    acknowledge(route, 'AwsSolutions-APIG4', reason);
    acknowledge(route, 'cdk-validator-cfnguard::api_gw_v2_authorization_type_configured_check', reason);
  }

  private limitAndLog() {
    const stage = this.httpApi.defaultStage?.node.defaultChild as CfnStage;
    stage.defaultRouteSettings = { throttlingRateLimit: 100, throttlingBurstLimit: 200 };
    const log = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.TWO_WEEKS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    stage.accessLogSettings = {
      destinationArn: log.logGroupArn,
      format: JSON.stringify({
        requestId: '$context.requestId',
        time: '$context.requestTime',
        method: '$context.httpMethod',
        route: '$context.routeKey',
        status: '$context.status',
        latencyMs: '$context.responseLatency',
        tenant: '$context.authorizer.tenant',
        keyId: '$context.authorizer.key_id',
        error: '$context.error.message',
      }),
    };
  }

  private noRouteHandler(): NodejsFunction {
    return handlerFunction(this, 'NoRoute', {
      file: 'api/no-route',
      description: 'Answers requests to unknown routes with 404 or 405',
      // Routes are added after this.
      environment: { [ENV.routes]: Lazy.string({ produce: () => this.routes.join(',') }) },
    });
  }

  private authorizeHandler(): NodejsFunction {
    const handler = handlerFunction(this, 'Authorize', {
      file: 'api/authorize',
      description: 'Checks API keys',
      environment: this.keyEnvironment,
    });
    this.grantCheckKeys(handler);
    return handler;
  }

  private submitHandler(): NodejsFunction {
    const { store, tasks, settings } = this.props;
    const handler = handlerFunction(this, 'SubmitJob', {
      file: 'api/submit-job',
      description: 'Creates a job and a URL to upload its audio',
      environment: {
        ...this.environment(),
        [ENV.tasks]: JSON.stringify(tasks),
        [ENV.maxUploadBytes]: limits(settings).maxUploadBytes,
        [ENV.uploadExpirySeconds]: limits(settings).uploadExpirySeconds,
        [ENV.retentionDays]: String(settings.retentionDays),
      },
    });
    store.grantSubmit(handler);
    // Stores the id of a multipart upload in the row.
    store.grantTransition(handler);
    // A presigned upload has the permissions of the function that signed it.
    store.grantWriteObjects(handler, KEY.jobsPrefix);
    store.grantListParts(handler, KEY.jobsPrefix);
    return handler;
  }

  private completeHandler(): NodejsFunction {
    const { store } = this.props;
    const handler = handlerFunction(this, 'CompleteUpload', {
      file: 'api/complete-upload',
      description: 'Completes a multipart upload',
      environment: this.environment(),
      // S3 may need a while to join large parts.
      timeout: Duration.seconds(29),
    });
    store.grantTransition(handler);
    store.grantWriteObjects(handler, KEY.jobsPrefix);
    store.grantListParts(handler, KEY.jobsPrefix);
    // Distinguishes a completed upload from an aborted one.
    store.grantListVersions(handler, KEY.jobsPrefix);
    return handler;
  }

  private readHandler(): NodejsFunction {
    const { store } = this.props;
    const handler = handlerFunction(this, 'ReadJob', {
      file: 'api/read-job',
      description: 'Returns jobs, transcripts, analyses and the usage of a key',
      environment: this.environment(),
      // Parses and renders transcripts of ten hours in memory.
      memoryMiB: 512,
    });
    store.grantTransition(handler);
    store.grantList(handler);
    store.grantReadObjects(handler, KEY.jobsPrefix);
    return handler;
  }

  private cancelHandler(): NodejsFunction {
    const { store } = this.props;
    const handler = handlerFunction(this, 'CancelJob', {
      file: 'api/cancel-job',
      description: 'Cancels jobs and erases their audio and results',
      environment: this.environment(),
      timeout: Duration.seconds(29),
    });
    store.grantTransition(handler);
    store.grantErase(handler);
    store.grantEraseVersions(handler, KEY.jobsPrefix, KEY.inboxPrefix);
    store.grantAbortUploads(handler, KEY.jobsPrefix);
    grantPutEvents(this, handler);
    return handler;
  }

  private environment(): Record<string, string> {
    const { store, path } = this.props;
    return {
      [ENV.path]: path,
      [ENV.jobsTable]: store.table.tableName,
      [ENV.mediaBucket]: store.bucket.bucketName,
    };
  }
}
