import { CustomResource, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import type { FunctionZones as Answer, FunctionZonesRequest } from '../../core/fleet/function-zones';
import { acknowledgeProvider } from '../policies/acknowledge-provider';
import { acknowledgeWildcard } from '../policies/acknowledge';
import { handlerFunction } from '../functions/handler';
import { NO_ZONE } from './network';

/**
 * Ids of zones in which Lambda cannot attach functions to a VPC.
 *
 * Source: AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon
 * VPC".
 */
const WITHOUT_LAMBDA = ['use1-az3'];

/**
 * The region's zones in which Lambda can attach functions to a VPC. CloudFormation uses zone names,
 * which differ between accounts, so this looks them up in the account during deployment.
 */
export class FunctionZones extends Construct {
  /** Zone names in order, separated by commas; `NO_ZONE` for a zone without Lambda. */
  readonly names: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const describe = handlerFunction(this, 'FunctionZones', {
      file: 'fleet/function-zones',
      description: 'Finds the zones of this account that support functions in a VPC',
      environment: {},
      timeout: Duration.minutes(1),
    });
    describe.addToRolePolicy(
      new PolicyStatement({ actions: ['ec2:DescribeAvailabilityZones'], resources: ['*'] }),
    );
    acknowledgeWildcard(
      describe.grantPrincipal,
      '*',
      'ec2:DescribeAvailabilityZones and the two write actions of X-Ray support only *.',
    );
    const provider = new Provider(this, 'Provider', {
      onEventHandler: describe,
      logGroup: new LogGroup(this, 'ProviderLog', {
        retention: RetentionDays.TWO_WEEKS,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    });
    acknowledgeProvider(provider, [describe]);
    const asked = new CustomResource(this, 'Asked', {
      serviceToken: provider.serviceToken,
      resourceType: 'Custom::SpotscribeFunctionZones',
      properties: {
        Zones: Fn.getAzs(Stack.of(this).region),
        Without: WITHOUT_LAMBDA,
        NoZone: NO_ZONE,
      } satisfies Record<keyof FunctionZonesRequest, unknown>,
    });
    const attribute: keyof Answer['Data'] = 'Zones';
    this.names = asked.getAttString(attribute);
  }
}
