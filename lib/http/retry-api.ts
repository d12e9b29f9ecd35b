import { Duration } from 'aws-cdk-lib';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import { ENV } from '../../core/contract/environment';
import { KEY } from '../../core/contract/keys';
import { limits } from '../environment';
import type { FleetSizer } from '../fleet/fleet-sizer';
import { handlerFunction } from '../functions/handler';
import type { JobQueue } from '../jobs/job-queue';
import type { JobStore } from '../jobs/job-store';
import type { Settings } from '../settings';
import type { JobApi } from './job-api';

export interface RetryApiProps {
  /** The API that gets the route. The same keys apply. */
  readonly api: JobApi;
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly sizer: FleetSizer;
  readonly path: string;
  readonly settings: Settings;
}

/** The route that retries the missing tasks of a job (docs/decisions/061). */
export class RetryApi extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: RetryApiProps,
  ) {
    super(scope, id);
    const integration = new HttpLambdaIntegration('RetryJobIntegration', this.handler());
    props.api.addRoute(HttpMethod.POST, '/v1/jobs/{id}/retry', integration);
  }

  private handler(): NodejsFunction {
    const { store, queue, sizer, path, settings } = this.props;
    const handler = handlerFunction(this, 'RetryJob', {
      file: 'api/retry-job',
      description: 'Queues a job again for the results that it lacks',
      environment: {
        [ENV.path]: path,
        [ENV.jobsTable]: store.table.tableName,
        [ENV.mediaBucket]: store.bucket.bucketName,
        [ENV.sizeFleetFunction]: sizer.handler.functionName,
        [ENV.maxAudioSeconds]: limits(settings).maxAudioSeconds,
        ...queue.environment,
      },
      timeout: Duration.seconds(29),
    });
    store.grantTransition(handler);
    // Checks that the input is still stored.
    store.grantListVersions(handler, KEY.jobsPrefix, KEY.inboxPrefix);
    queue.grantSend(handler);
    sizer.grantWake(handler);
    return handler;
  }
}
