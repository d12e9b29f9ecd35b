import { Fn, Stack } from 'aws-cdk-lib';
import {
  type CfnSubnet,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISubnet,
  Peer,
  Port,
  PublicSubnet,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { acknowledge } from '../policies/acknowledge';
import { MOST_ZONES } from './zone-settings';

/** Placeholder in the list of zones if the region has fewer zones. */
export const NO_ZONE = 'none';

const INDICES = Array.from({ length: MOST_ZONES }, (_, index) => index);

/** Zone names, known during deployment, padded with {@link NO_ZONE} to one for each subnet. */
export const filledUp = (names: string): string[] => [names, ...INDICES.map(() => NO_ZONE)];

/**
 * Public subnets without a NAT gateway, which would cost about $33 per month and zone while idle.
 * Machines have public IP addresses to reach AWS, and no inbound rule.
 *
 * The subnets do not depend on the settings; paths choose among them. So no setting removes a
 * subnet that a deployed path uses. Subnets are free. If the region has fewer zones, the remaining
 * subnets are in the first zone, and no path uses them.
 */
export class Network extends Construct {
  readonly vpc: Vpc;
  /** Allows the outbound traffic that a machine needs, and no inbound traffic. */
  readonly machineSecurityGroup: SecurityGroup;
  /**
   * Unused; earlier versions started EC2 Image Builder machines here. Paths of the previous version
   * may import the subnet's id, and CloudFormation cannot remove an imported export. Delete both
   * together.
   */
  readonly buildSubnet: ISubnet;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.vpc = this.network();
    this.machineSecurityGroup = new SecurityGroup(this, 'Machines', {
      vpc: this.vpc,
      description: 'Spotscribe machines: HTTPS to AWS, nothing in',
      allowAllOutbound: false,
    });
    this.machineSecurityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'AWS APIs');
    this.buildSubnet = this.subnetForExport();
  }

  /** The subnets, in the order of `zones`. */
  get subnetIds(): string[] {
    return this.vpc.publicSubnets.map(({ subnetId }) => subnetId);
  }

  /** Names of the region's zones, padded with `NO_ZONE` to one for each subnet. */
  get zones(): string[] {
    return filledUp(this.regionZones());
  }

  private network(): Vpc {
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.42.0.0/16'),
      availabilityZones: INDICES.map((index) => this.zone(index)),
      natGateways: 0,
      // The launch template requests public addresses; nothing else in these subnets gets one.
      subnetConfiguration: [
        { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 20, mapPublicIpOnLaunch: false },
      ],
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    for (const [index, { node }] of vpc.publicSubnets.entries())
      if (index > 0) (node.defaultChild as CfnSubnet).cidrBlock = this.range(index);
    acknowledge(
      vpc,
      'AwsSolutions-VPC7',
      'Flow logs cost money while nothing runs, and no port is open. Call addFlowLog() if a policy requires them.',
    );
    return vpc;
  }

  /**
   * The region's zone of this index, or its first zone. Uses indices, so synthesis needs no
   * account.
   */
  private zone(index: number): string {
    const first = Fn.select(0, Fn.getAzs(Stack.of(this).region));
    if (index === 0) return first;
    const all = Fn.join(',', [this.regionZones(), ...INDICES.map(() => first)]);
    return Fn.select(index, Fn.split(',', all));
  }

  /**
   * The subnet's address range. A subnet without its own zone uses the second half of the VPC's
   * range: when the region gets another zone, CloudFormation creates the new subnet before it
   * deletes the old.
   */
  private range(index: number): string {
    const own = `10.42.${16 * index}.0/20`;
    const spare = `10.42.${16 * (index + 8)}.0/20`;
    // `<zone>,own,<zone>,own,<zone>,spare,spare,…`: one `own` less than there are zones.
    const zones = Fn.join(`,${own},`, Fn.getAzs(Stack.of(this).region));
    const all = Fn.join(',', [zones, ...INDICES.flatMap(() => [spare, spare])]);
    return Fn.select(2 * index - 1, Fn.split(',', all));
  }

  private regionZones(): string {
    return Fn.join(',', Fn.getAzs(Stack.of(this).region));
  }

  private subnetForExport(): ISubnet {
    const { vpc } = this;
    const subnet = new PublicSubnet(this, 'ImageBuilds', {
      vpcId: vpc.vpcId,
      availabilityZone: this.zone(0),
      // The end of the VPC's range, because the ranges of the zones start at its beginning.
      cidrBlock: '10.42.255.0/28',
      mapPublicIpOnLaunch: true,
    });
    subnet.addDefaultInternetRoute(vpc.internetGatewayId!, vpc.internetConnectivityEstablished);
    acknowledge(
      subnet,
      'cdk-validator-cfnguard::subnet_auto_assign_public_ip_disabled_check',
      'Kept unchanged, only to export its id. Nothing starts in this subnet, so nothing gets an address.',
    );
    return subnet;
  }
}
