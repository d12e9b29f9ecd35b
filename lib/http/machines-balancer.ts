import { Duration } from 'aws-cdk-lib';
import { type IVpc, Port, SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import {
  ApplicationLoadBalancer,
  ApplicationProtocol,
  type ApplicationTargetGroup,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { acknowledge } from '../policies/acknowledge';
import { type Settings, SettingsError } from '../settings';
import { zoneCount } from '../network/zone-settings';
import { machineTargets } from './machine-targets';

/** Minimum number of zones of an Application Load Balancer. */
const LEAST_ZONES = 2;

const LISTENER_PORT = 80;

export interface MachinesBalancerProps {
  readonly vpc: IVpc;
  /** Port of the service on the machines. */
  readonly port: number;
  /** Maximum time that a caller waits for an answer. */
  readonly wait: Duration;
}

/**
 * An internal load balancer in front of the machines' model service. A request goes to the machine
 * with the fewest requests in flight. Only the security groups given to `admit` can reach it.
 *
 * While a healthy service exists, it skips services that are loading or have failed, whose
 * `/health` returns 503. If none is healthy, it sends requests to all, as every Application Load
 * Balancer does, and the service rejects them. This algorithm does not support slow start, which is
 * not needed: a machine is healthy once its model is loaded, and a slow machine gets fewer
 * requests.
 */
export class MachinesBalancer extends Construct {
  readonly targets: ApplicationTargetGroup;
  /** For the machines: accepts the load balancer's traffic on the service's port. */
  readonly machineSecurityGroup: SecurityGroup;
  private readonly balancer: ApplicationLoadBalancer;
  private readonly securityGroup: SecurityGroup;

  /** @throws SettingsError if the network has a single zone */
  constructor(
    scope: Construct,
    id: string,
    private readonly props: MachinesBalancerProps,
  ) {
    super(scope, id);
    const { vpc, port, wait } = props;
    this.securityGroup = new SecurityGroup(this, 'Balancer', {
      vpc,
      description: 'Spotscribe load balancer: from the front door, to the machines',
      allowAllOutbound: false,
    });
    this.machineSecurityGroup = new SecurityGroup(this, 'Machines', {
      vpc,
      description: 'Spotscribe machines behind a load balancer: from it alone, nothing out',
      allowAllOutbound: false,
    });
    this.securityGroup.connections.allowTo(
      this.machineSecurityGroup,
      Port.tcp(port),
      'Requests and health checks',
    );
    // Callers have timed out after this time.
    this.targets = machineTargets(this, 'Targets', { vpc, port, drain: wait.plus(Duration.seconds(5)) });
    this.balancer = this.loadBalancer();
  }

  /** URL of the machines for admitted callers. */
  get url(): string {
    return `http://${this.balancer.loadBalancerDnsName}`;
  }

  /** Name of the load balancer in CloudWatch. */
  get metricName(): string {
    return this.balancer.loadBalancerFullName;
  }

  /** Accepts traffic from members of a security group. */
  admit(caller: SecurityGroup) {
    caller.connections.allowTo(this.securityGroup, Port.tcp(LISTENER_PORT), 'Requests to the machines');
  }

  private loadBalancer(): ApplicationLoadBalancer {
    const { vpc, wait } = this.props;
    const balancer = new ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      internetFacing: false,
      securityGroup: this.securityGroup,
      // Longer than any caller waits, so that slow answers are not cut off.
      idleTimeout: wait.plus(Duration.seconds(30)),
      dropInvalidHeaderFields: true,
    });
    balancer.addListener('Http', {
      port: LISTENER_PORT,
      protocol: ApplicationProtocol.HTTP,
      open: false,
      defaultTargetGroups: [this.targets],
    });
    acknowledge(
      balancer,
      'AwsSolutions-ELB2',
      'The API in front of it logs every request. Access logs would need another bucket to protect.',
    );
    return balancer;
  }
}

/** @throws SettingsError if there are too few zones for a load balancer */
export function checkZones({ availabilityZones }: Settings) {
  if (zoneCount(availabilityZones) >= LEAST_ZONES) return;
  throw new SettingsError(
    `Setting "availabilityZones" must be at least ${LEAST_ZONES} for a path with a load balancer; ` +
      `got ${JSON.stringify(availabilityZones)}. Raise it, or remove the path from "paths".`,
  );
}
