import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import { ENV } from '../../core/contract/environment';
import type { FleetSizer } from '../fleet/fleet-sizer';
import { type Warmth, warmEnvironment } from '../fleet/warmth';
import { handlerFunction } from '../functions/handler';
import type { JobStore } from '../jobs/job-store';
import type { Settings } from '../settings';
import type { JobApi } from './job-api';

export interface WarmApiProps {
  /** The API that gets the routes. The same keys apply. */
  readonly api: JobApi;
  readonly store: JobStore;
  readonly sizer: FleetSizer;
  readonly path: string;
  /** What the settings keep warm. */
  readonly warmth: Warmth;
  readonly settings: Settings;
}

const PATH = '/v1/fleet/warm';

/**
 * Routes that keep machines warm for a while. Every key may read what is set. Only keys of the
 * tenants in the setting `warmByApi` may change it (docs/decisions/049).
 */
export class WarmApi extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: WarmApiProps,
  ) {
    super(scope, id);
    const integration = new HttpLambdaIntegration('WarmFleetIntegration', this.handler());
    for (const method of [HttpMethod.POST, HttpMethod.GET, HttpMethod.DELETE])
      props.api.addRoute(method, PATH, integration);
  }

  private handler(): NodejsFunction {
    const { store, sizer, path, warmth, settings } = this.props;
    const { maxMachines, warmByApi, instanceTypes } = settings;
    const handler = handlerFunction(this, 'WarmFleet', {
      file: 'fleet/warm-fleet',
      description: 'Keeps machines warm for a while',
      environment: {
        [ENV.path]: path,
        [ENV.jobsTable]: store.table.tableName,
        [ENV.sizeFleetFunction]: sizer.handler.functionName,
        [ENV.maxMachines]: String(maxMachines),
        [ENV.machineType]: instanceTypes[0] ?? '',
        ...(warmByApi.length > 0 && { [ENV.warmTenants]: warmByApi.join(',') }),
        ...warmEnvironment(warmth),
      },
    });
    store.grantWarm(handler);
    sizer.grantWake(handler);
    return handler;
  }
}
