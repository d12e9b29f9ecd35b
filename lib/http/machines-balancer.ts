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

/** Zones that an Application Load Balancer needs at least. */
const LEAST_ZONES = 2;

const LISTENER_PORT = 80;

export interface MachinesBalancerProps {
  readonly vpc: IVpc;
  /** Port of the machines on which the service answers. */
  readonly port: number;
  /** Longest time that a caller waits for an answer. */
  readonly wait: Duration;
}

/**
 * An internal load balancer in front of the machines' model service: it sends a request to the machine with the fewest
 * under way. Nothing outside of the network reaches it, and inside of it only whom `admit` names.
 *
 * It sends nothing to a service that loads or has failed, whose `/health` says 503, as long as another one is well; if
 * none is, it tries those that there are, as every Application Load Balancer does, and the service refuses by itself.
 * There is no slow start, which cannot be had with this algorithm, nor is it needed: a machine is well when its model is
 * loaded, and a slow one gets fewer requests by itself.
 */
export class MachinesBalancer extends Construct {
  readonly targets: ApplicationTargetGroup;
  /** For the machines: lets the load balancer in, at the service's port. */
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
    // Whoever waits has given up when this is over.
    this.targets = machineTargets(this, 'Targets', { vpc, port, drain: wait.plus(Duration.seconds(5)) });
    this.balancer = this.loadBalancer();
  }

  /** Where whoever is admitted finds the machines. */
  get url(): string {
    return `http://${this.balancer.loadBalancerDnsName}`;
  }

  /** What CloudWatch calls it. */
  get metricName(): string {
    return this.balancer.loadBalancerFullName;
  }

  /** Lets the members of a group in. */
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
      // Longer than anybody waits: an answer that takes its time is not cut off.
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
      'The API in front of it logs every request; a bucket of its own for the same lines would be one more to guard.',
    );
    return balancer;
  }
}

/** @throws SettingsError if there are too few zones for a load balancer */
export function checkZones({ availabilityZones }: Settings) {
  if (zoneCount(availabilityZones) >= LEAST_ZONES) return;
  throw new SettingsError(
    `Setting "availabilityZones" must be at least ${LEAST_ZONES} for a path with a load balancer; ` +
      `got ${JSON.stringify(availabilityZones)}. Raise it, or leave the path out.`,
  );
}
