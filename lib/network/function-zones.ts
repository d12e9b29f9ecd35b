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
 * Ids of zones in which Lambda makes no function of a network.
 *
 * Source: AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC".
 */
const WITHOUT_LAMBDA = ['use1-az3'];

/**
 * In which of the region's zones functions of a network can be. CloudFormation knows a zone by its name, which is another one
 * in each account: this asks the account when the stack is deployed.
 */
export class FunctionZones extends Construct {
  /** Names of the zones in their order, as one text with commas; `NO_ZONE` where no function can be. */
  readonly names: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const describe = handlerFunction(this, 'FunctionZones', {
      file: 'fleet/function-zones',
      description: 'Says in which zones of this account functions can be',
      environment: {},
      timeout: Duration.minutes(1),
    });
    describe.addToRolePolicy(
      new PolicyStatement({ actions: ['ec2:DescribeAvailabilityZones'], resources: ['*'] }),
    );
    acknowledgeWildcard(
      describe.grantPrincipal,
      '*',
      'ec2:DescribeAvailabilityZones works on * alone, and X-Ray’s two write actions do.',
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
