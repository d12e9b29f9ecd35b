import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Registration } from '../../core/contract/machine-spec';
import { LocalBalancer } from './balancer';
import { BalancerMetrics } from './balancer-metrics';
import { clientConfiguration } from '../emulator';
import { fixedAnswer } from './listener-rules';
import type { LocalTask } from '../machine/task';

/** A load balancer, and the server that its targets are. */
class Front {
  private readonly registered = new Set<number>();

  constructor(
    readonly balancer: LocalBalancer,
    private readonly server: Pick<Registration, 'process' | 'port'>,
  ) {}

  follow(tasks: LocalTask[]): void {
    const ports = new Set(tasks.flatMap((task) => this.port(task) ?? []));
    for (const port of this.registered) if (!ports.has(port)) void this.remove(port);
    for (const port of ports) {
      this.registered.add(port);
      this.balancer.register(port);
    }
  }

  isHealthy(task: LocalTask): boolean {
    const port = this.port(task);
    return port !== undefined && this.balancer.isHealthy(port);
  }

  async leave(task: LocalTask): Promise<void> {
    const port = this.port(task);
    if (port !== undefined) await this.remove(port);
  }

  private async remove(port: number): Promise<void> {
    this.registered.delete(port);
    await this.balancer.deregister(port);
  }

  private port(task: LocalTask): number | undefined {
    const running = task.containers.get(this.server.process);
    return running?.process.running === true ? running.ports.get(this.server.port) : undefined;
  }
}

/** A service behind load balancers. Registers its tasks with them, as ECS does. */
export class BalancedService {
  /** Starts the load balancers of a machine's servers; undefined if it has none. */
  static async start(
    endpoint: string,
    registrations: readonly Registration[] = [],
  ): Promise<BalancedService | undefined> {
    const client = clientConfiguration(endpoint);
    if (registrations.length === 0) return undefined;
    const fronts = await Promise.all(
      registrations.map(async ({ targets, ...server }) => {
        const balancer = await balancerOf(
          new ElasticLoadBalancingV2Client(client),
          new CloudWatchClient(client),
          targets,
        );
        await balancer.start();
        return new Front(balancer, server);
      }),
    );
    return new BalancedService(fronts);
  }

  private constructor(private readonly fronts: Front[]) {}

  /** Registers running tasks, and deregisters the others. */
  follow(tasks: LocalTask[]): void {
    for (const front of this.fronts) front.follow(tasks);
  }

  /** Whether a task is healthy for every load balancer. */
  isHealthy(task: LocalTask): boolean {
    return this.fronts.every((front) => front.isHealthy(task));
  }

  /** Deregisters a task before it is stopped, and waits for its requests. */
  async leave(task: LocalTask): Promise<void> {
    await Promise.all(this.fronts.map((front) => front.leave(task)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.fronts.map(({ balancer }) => balancer.stop()));
  }
}

async function balancerOf(
  client: ElasticLoadBalancingV2Client,
  cloudWatch: CloudWatchClient,
  targetGroupArn: string,
): Promise<LocalBalancer> {
  const { TargetGroups = [] } = await client.send(
    new DescribeTargetGroupsCommand({ TargetGroupArns: [targetGroupArn] }),
  );
  const group = TargetGroups[0];
  const { LoadBalancers = [] } = await client.send(
    new DescribeLoadBalancersCommand({ LoadBalancerArns: group?.LoadBalancerArns }),
  );
  const { Attributes = [] } = await client.send(
    new DescribeTargetGroupAttributesCommand({ TargetGroupArn: targetGroupArn }),
  );
  const { DNSName: address = '', LoadBalancerArn = '' } = LoadBalancers[0] ?? {};
  const delay = Attributes.find(({ Key }) => Key === 'deregistration_delay.timeout_seconds')?.Value;
  // The emulator sets the DNS name of a load balancer to a local address.
  const port = Number(/^127\.0\.0\.1:(\d+)$/.exec(address)?.[1]);
  if (group === undefined || Number.isNaN(port))
    throw new Error(`The load balancer of ${targetGroupArn} has no local address: ${address}`);
  // The local load balancer uses plain HTTP for every listener, because there is no certificate.
  const { Listeners: [listener] = [] } = await client.send(new DescribeListenersCommand({ LoadBalancerArn }));
  const { Rules = [] } = await client.send(new DescribeRulesCommand({ ListenerArn: listener?.ListenerArn }));
  return new LocalBalancer({
    port,
    fixedAnswer: (asked) => fixedAnswer(asked, Rules),
    deregistrationDelayMs: Number(delay ?? 300) * 1000,
    check: {
      path: group.HealthCheckPath ?? '/',
      codes: group.Matcher?.HttpCode ?? '200',
      intervalMs: (group.HealthCheckIntervalSeconds ?? 30) * 1000,
      timeoutMs: (group.HealthCheckTimeoutSeconds ?? 5) * 1000,
      healthyThreshold: group.HealthyThresholdCount ?? 5,
      unhealthyThreshold: group.UnhealthyThresholdCount ?? 2,
    },
    metrics: new BalancerMetrics({
      cloudWatch,
      loadBalancer: LoadBalancerArn.replace(/^.*:loadbalancer\//, ''),
    }),
  });
}
