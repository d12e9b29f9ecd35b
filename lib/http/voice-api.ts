import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import { ENV } from '../../core/contract/environment';
import { handlerFunction } from '../functions/handler';
import type { JobStore } from '../jobs/job-store';
import type { JobApi } from './job-api';

export interface VoiceApiProps {
  /** The API that gets the routes. The same keys apply. */
  readonly api: JobApi;
  readonly store: JobStore;
}

const ROUTES = [
  [HttpMethod.POST, '/v1/voices'],
  [HttpMethod.GET, '/v1/voices'],
  [HttpMethod.GET, '/v1/voices/{id}'],
  [HttpMethod.DELETE, '/v1/voices/{id}'],
] as const;

/** Routes for the voices of people that tenants keep (docs/decisions/057). */
export class VoiceApi extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: VoiceApiProps,
  ) {
    super(scope, id);
    const integration = new HttpLambdaIntegration('VoicesIntegration', this.handler());
    for (const [method, path] of ROUTES) props.api.addRoute(method, path, integration);
  }

  private handler(): NodejsFunction {
    const { store } = this.props;
    const handler = handlerFunction(this, 'Voices', {
      file: 'voices/voices',
      description: 'Keeps, lists and erases voices of people',
      environment: {
        [ENV.jobsTable]: store.table.tableName,
        [ENV.mediaBucket]: store.bucket.bucketName,
      },
    });
    store.grantVoices(handler);
    return handler;
  }
}
