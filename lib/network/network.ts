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

/** In the list of zones where there is no further zone. */
export const NO_ZONE = 'none';

const INDICES = Array.from({ length: MOST_ZONES }, (_, index) => index);

/** Names of zones, known when the stack is deployed, filled up with {@link NO_ZONE} so that there is one for each subnet. */
export const filledUp = (names: string): string[] => [names, ...INDICES.map(() => NO_ZONE)];

/**
 * Public subnets without a NAT gateway (which would cost about $33 a month and zone while idle).
 * Machines have public addresses to reach AWS, and no inbound rule at all.
 *
 * The subnets are the same whatever the settings say, and paths choose among them: no setting takes a subnet away that a
 * deployed path uses. They cost nothing. Where the region has fewer zones, the rest lie in the first zone, and no path uses
 * them.
 */
export class Network extends Construct {
  readonly vpc: Vpc;
  /** Lets out what a machine needs; lets nothing in. */
  readonly machineSecurityGroup: SecurityGroup;
  /**
   * Nothing is started here any more: EC2 Image Builder's machines were. Paths that the previous version deployed may import
   * the subnet's id, and CloudFormation refuses to take away an export that is imported. It goes when that export goes.
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

  /** Names of the region's zones, filled up with `NO_ZONE` so that there is one for each subnet. */
  get zones(): string[] {
    return filledUp(this.regionZones());
  }

  private network(): Vpc {
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.42.0.0/16'),
      availabilityZones: INDICES.map((index) => this.zone(index)),
      natGateways: 0,
      // The launch template asks for addresses; nothing else here gets one by being here.
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
      'Flow logs cost money while nothing runs, and no port is open. Call addFlowLog() where a policy asks for them.',
    );
    return vpc;
  }

  /** The region's zone of this index, or its first one if it has fewer. By index: synthesis needs no account. */
  private zone(index: number): string {
    const first = Fn.select(0, Fn.getAzs(Stack.of(this).region));
    if (index === 0) return first;
    const all = Fn.join(',', [this.regionZones(), ...INDICES.map(() => first)]);
    return Fn.select(index, Fn.split(',', all));
  }

  /**
   * The subnet's addresses. Those of a subnet without a zone of its own are others, from the range's second half: when the region
   * gets another zone, CloudFormation replaces that subnet, and makes the new one before it deletes the old one.
   */
  private range(index: number): string {
    const own = `10.42.${16 * index}.0/20`;
    const spare = `10.42.${16 * (index + 8)}.0/20`;
    // `<zone>,own,<zone>,own,<zone>,spare,spare,…`: one `own` fewer than there are zones.
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
      // The end of the range: those of the zones grow from its beginning.
      cidrBlock: '10.42.255.0/28',
      mapPublicIpOnLaunch: true,
    });
    subnet.addDefaultInternetRoute(vpc.internetGatewayId!, vpc.internetConnectivityEstablished);
    acknowledge(
      subnet,
      'cdk-validator-cfnguard::subnet_auto_assign_public_ip_disabled_check',
      'Kept as it was deployed, for the export of its id alone: nothing is started here, so nothing gets an address.',
    );
    return subnet;
  }
}
