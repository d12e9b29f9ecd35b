import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DescribeServicesCommand, ECSClient, ListServicesCommand } from '@aws-sdk/client-ecs';
import {
  DescribeLoadBalancersCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { OUTPUT } from '../lambda/contract';
import { LocalBalancer } from './balancer';
import { BalancerMetrics } from './balancer-metrics';
import { clientConfiguration } from './emulator';
import type { LocalTask } from './task';

/** A service whose tasks are behind a load balancer: keeps that informed of them, as ECS does. */
export class BalancedService {
  /** The path's service with its load balancer, which listens from here on; undefined if it has none. */
  static async find(endpoint: string, outputs: Record<string, string>): Promise<BalancedService | undefined> {
    const client = clientConfiguration(endpoint);
    const ecs = new ECSClient(client);
    const cluster = outputs[OUTPUT.clusterName];
    const { serviceArns = [] } = await ecs.send(new ListServicesCommand({ cluster }));
    const { services = [] } = await ecs.send(new DescribeServicesCommand({ cluster, services: serviceArns }));
    const registration = services[0]?.loadBalancers?.[0];
    if (registration?.targetGroupArn === undefined) return undefined;
    const { containerName = '', targetGroupArn } = registration;
    const balancer = await balancerOf(
      new ElasticLoadBalancingV2Client(client),
      new CloudWatchClient(client),
      targetGroupArn,
    );
    await balancer.start();
    return new BalancedService(balancer, containerName);
  }

  private readonly registered = new Set<number>();

  private constructor(
    private readonly balancer: LocalBalancer,
    private readonly container: string,
  ) {}

  /** Registers the tasks that run, and takes those out that do not any more. */
  follow(tasks: LocalTask[]): void {
    const ports = new Set(tasks.flatMap((task) => this.port(task) ?? []));
    for (const port of this.registered) if (!ports.has(port)) void this.remove(port);
    for (const port of ports) {
      this.registered.add(port);
      this.balancer.register(port);
    }
  }

  /** Whether the load balancer's checks find a task well. */
  isHealthy(task: LocalTask): boolean {
    const port = this.port(task);
    return port !== undefined && this.balancer.isHealthy(port);
  }

  /** Takes a task out that is about to be stopped, once its requests are over. */
  async leave(task: LocalTask): Promise<void> {
    const port = this.port(task);
    if (port !== undefined) await this.remove(port);
  }

  async stop(): Promise<void> {
    await this.balancer.stop();
  }

  private async remove(port: number): Promise<void> {
    this.registered.delete(port);
    await this.balancer.deregister(port);
  }

  private port(task: LocalTask): number | undefined {
    const container = task.containers.get(this.container);
    return container?.process.running === true ? container.port : undefined;
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
  // The emulator names a load balancer by an address of this machine.
  const port = Number(/^127\.0\.0\.1:(\d+)$/.exec(address)?.[1]);
  if (group === undefined || Number.isNaN(port))
    throw new Error(`The load balancer of ${targetGroupArn} has no address on this machine: ${address}`);
  return new LocalBalancer({
    port,
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
