import { Fn, Stack } from 'aws-cdk-lib';
import {
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISubnet,
  type IVpc,
  Peer,
  Port,
  PublicSubnet,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge';

export interface NetworkProps {
  /** Number of availability zones: the more, the more spot pools there are to find a machine in. */
  readonly availabilityZones: number;
  /** Whether machines come here that EC2 Image Builder starts, which asks for no address. @default false */
  readonly imageBuilds?: boolean;
}

/**
 * Public subnets without a NAT gateway (which would cost about $33 a month and zone while idle).
 * Machines have public addresses to reach AWS, and no inbound rule at all.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  /** Lets out what a machine needs; lets nothing in. */
  readonly machineSecurityGroup: SecurityGroup;
  /** Whoever is here gets an address by being here. Undefined unless machine images are built. */
  readonly buildSubnet?: ISubnet;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.42.0.0/16'),
      // Zones by index rather than by look-up: synthesis needs no account.
      availabilityZones: Array.from({ length: props.availabilityZones }, (_, zone) =>
        Fn.select(zone, Fn.getAzs(Stack.of(this).region)),
      ),
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
    acknowledge(
      vpc,
      'AwsSolutions-VPC7',
      'Flow logs cost money while nothing runs, and no port is open. Call addFlowLog() where a policy asks for them.',
    );
    this.vpc = vpc;
    this.machineSecurityGroup = new SecurityGroup(this, 'Machines', {
      vpc,
      description: 'Spotscribe machines: HTTPS to AWS, nothing in',
      allowAllOutbound: false,
    });
    this.machineSecurityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'AWS APIs');
    if (props.imageBuilds) this.buildSubnet = this.subnetWithAddresses(vpc);
  }

  private subnetWithAddresses(vpc: Vpc): ISubnet {
    const subnet = new PublicSubnet(this, 'ImageBuilds', {
      vpcId: vpc.vpcId,
      availabilityZone: Fn.select(0, Fn.getAzs(Stack.of(this).region)),
      // The end of the range: those of the zones grow from its beginning.
      cidrBlock: '10.42.255.0/28',
      mapPublicIpOnLaunch: true,
    });
    subnet.addDefaultInternetRoute(vpc.internetGatewayId!, vpc.internetConnectivityEstablished);
    acknowledge(
      subnet,
      'cdk-validator-cfnguard::subnet_auto_assign_public_ip_disabled_check',
      'EC2 Image Builder cannot ask for an address; without one its machine reaches nothing, or needs a NAT gateway.',
    );
    return subnet;
  }
}
