import {
  Annotations,
  Aws,
  CfnCondition,
  CfnRule,
  Fn,
  type ICfnConditionExpression,
  Stack,
} from 'aws-cdk-lib';
import {
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  SecurityGroup,
  Subnet,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { NO_ZONE } from './network';
import { itemOf, type SharedValues } from '../shared-values';
import { MOST_ZONES, type Zones } from './zone-settings';

/** Properties of {@link SharedNetwork}. */
export interface SharedNetworkProps {
  /** Shared values of the foundation. */
  readonly values: SharedValues;
  /** Zones that the path uses, if the region has them. */
  readonly zones: Zones;
}

/** The foundation's network, limited to one subnet in each zone that the path uses. */
export class SharedNetwork extends Construct {
  readonly vpc: IVpc;
  readonly machineSecurityGroup: ISecurityGroup;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SharedNetworkProps,
  ) {
    super(scope, id);
    const { values, zones } = props;
    const subnets = this.subnets();
    this.vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: values.read(this, 'VpcId'),
      availabilityZones: subnets.map((_, index) => `zone-${index}`),
      publicSubnetIds: subnets,
    });
    this.vpc.publicSubnets.forEach(withoutRoutes);
    const group = values.read(this, 'MachineSecurityGroupId');
    this.machineSecurityGroup = SecurityGroup.fromSecurityGroupId(this, 'Machines', group, {
      mutable: false,
    });
    if (typeof zones !== 'number') this.refuseOthers(zones);
  }

  /** Subnets for functions: Lambda does not support every zone. */
  get functionSubnets(): ISubnet[] {
    const zones = this.props.values.readList(this, 'FunctionZones');
    return this.vpc.publicSubnets.map(({ subnetId }, index) => {
      const id = `FunctionsInZone${index + 1}`;
      const given = this.subnetIf(id, isThere(itemOf(zones, index)), subnetId);
      return withoutRoutes(Subnet.fromSubnetId(this, `${id}Subnet`, given));
    });
  }

  /**
   * Subnets by index, without those that the path does not use or that have no zone of their own.
   */
  private subnets(): string[] {
    const { values, zones } = this.props;
    const ids = values.readList(this, 'SubnetIds');
    const length = typeof zones === 'number' ? zones : MOST_ZONES;
    return Array.from({ length }, (_, index) => {
      const id = itemOf(ids, index);
      // Every region has a first zone.
      if (index === 0 && typeof zones === 'number') return id;
      const expression = isWanted(itemOf(values.readList(this, 'Zones'), index), zones);
      return this.subnetIf(`UsesZone${index + 1}`, expression, id);
    });
  }

  /** The id of a subnet if the condition is true. Otherwise the subnet is left out of its list. */
  private subnetIf(id: string, expression: ICfnConditionExpression, subnetId: string): string {
    const condition = new CfnCondition(this, id, { expression });
    return Fn.conditionIf(condition.logicalId, subnetId, Aws.NO_VALUE).toString();
  }

  /** Fails the deployment before it starts if a zone does not exist. */
  private refuseOthers(zones: string[]) {
    const there = this.props.values.readList(this, 'Zones');
    new CfnRule(Stack.of(this), 'ZonesAreThere', {
      assertions: [
        {
          assert: Fn.conditionEachMemberIn(zones, there),
          assertDescription:
            `Setting "availabilityZones" names a zone that is not available to this account in this region: ${zones.join(', ')}. ` +
            'List the zones with: aws ec2 describe-availability-zones',
        },
      ],
    });
  }
}

function withoutRoutes(subnet: ISubnet): ISubnet {
  Annotations.of(subnet).acknowledgeWarning(
    '@aws-cdk/aws-ec2:noSubnetRouteTableId',
    'The foundation manages the routes; paths add none.',
  );
  return subnet;
}

const isThere = (name: string): ICfnConditionExpression => Fn.conditionNot(Fn.conditionEquals(name, NO_ZONE));

function isWanted(name: string, zones: Zones): ICfnConditionExpression {
  if (typeof zones === 'number') return isThere(name);
  const [first, ...rest] = zones.map((zone) => Fn.conditionEquals(name, zone));
  return rest.length === 0 ? first! : Fn.conditionOr(first!, ...rest);
}
