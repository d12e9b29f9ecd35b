import { Duration } from 'aws-cdk-lib';
import { type IVpc, Peer, Port, SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import {
  type ApplicationListener,
  ApplicationLoadBalancer,
  ApplicationProtocol,
  type ApplicationTargetGroup,
  ListenerAction,
  ListenerCertificate,
  ListenerCondition,
  SslPolicy,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { API_KEY_PREFIX } from '../../core/contract/keys';
import type { Route } from '../../core/contract/http';
import type { ErrorBody } from '../../core/contract/values';
import type { ErrorCode } from '../../core/contract/names';
import { STREAMING_IDLE_SECONDS } from '../../core/contract/limits';
import { acknowledge } from '../policies/acknowledge';
import { machineTargets } from './machine-targets';
import type { Streaming } from './streaming';

const HTTPS = 443;

export interface StreamingBalancerProps {
  readonly vpc: IVpc;
  /** OpenAI's routes of the task: at most three paths of a method, which is what a rule can have. */
  readonly routes: readonly Route[];
  /** Port of the worker's public server on the machines. */
  readonly port: number;
  readonly streaming: Streaming;
  /** Time for a machine to finish its requests before it is removed. */
  readonly drain: Duration;
}

/**
 * A public load balancer with the user's certificate, in front of the machines' public servers. It
 * streams server-sent events live, which HTTP APIs and functions in a VPC do not support
 * (docs/decisions/012).
 *
 * It only accepts TLS and does not redirect HTTP, because a redirect comes after the key was sent
 * in plain text. It rejects other routes, and requests without anything like a key. Machines check
 * the keys.
 */
export class StreamingBalancer extends Construct {
  readonly targets: ApplicationTargetGroup;
  /** For the machines: accepts the load balancer's traffic on the public server's port. */
  readonly machineSecurityGroup: SecurityGroup;
  private readonly balancer: ApplicationLoadBalancer;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: StreamingBalancerProps,
  ) {
    super(scope, id);
    const { vpc, port, drain } = props;
    this.machineSecurityGroup = new SecurityGroup(this, 'Machines', {
      vpc,
      description: 'Spotscribe machines behind the public load balancer: from it alone, nothing out',
      allowAllOutbound: false,
    });
    this.targets = machineTargets(this, 'Targets', { vpc, port, drain });
    this.balancer = this.loadBalancer();
    this.addRules(this.listener());
  }

  /** Target of the DNS record of the user's name. */
  get dnsName(): string {
    return this.balancer.loadBalancerDnsName;
  }

  /** Name of the load balancer in CloudWatch. */
  get metricName(): string {
    return this.balancer.loadBalancerFullName;
  }

  private loadBalancer(): ApplicationLoadBalancer {
    const { vpc } = this.props;
    const balancer = new ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      internetFacing: true,
      securityGroup: this.securityGroup(),
      idleTimeout: Duration.seconds(STREAMING_IDLE_SECONDS),
      dropInvalidHeaderFields: true,
    });
    acknowledge(
      balancer,
      'AwsSolutions-ELB2',
      'The worker logs every request with the key’s id. Access logs would need another bucket to protect.',
    );
    return balancer;
  }

  private securityGroup(): SecurityGroup {
    const { vpc, port, streaming } = this.props;
    const group = new SecurityGroup(this, 'Balancer', {
      vpc,
      description: 'Spotscribe public load balancer: HTTPS in, to the machines',
      allowAllOutbound: false,
    });
    for (const cidr of streaming.allowedCidrs)
      group.addIngressRule(Peer.ipv4(cidr), Port.tcp(HTTPS), 'Holders of a key');
    group.connections.allowTo(this.machineSecurityGroup, Port.tcp(port), 'Requests and health checks');
    acknowledge(
      group,
      'AwsSolutions-EC23',
      'The setting certificateArn requests it: TLS only, and keys with 256 random bits. "allowedCidrs" limits it.',
    );
    return group;
  }

  private listener(): ApplicationListener {
    return this.balancer.addListener('Https', {
      port: HTTPS,
      protocol: ApplicationProtocol.HTTPS,
      certificates: [ListenerCertificate.fromArn(this.props.streaming.certificateArn)],
      // TLS 1.2 and 1.3 with forward secrecy; post-quantum key exchange if the client supports it.
      sslPolicy: SslPolicy.TLS13_12_RES_PQ,
      open: false,
      defaultAction: refusal(404, 'not_found', 'There is no such route'),
    });
  }

  /**
   * Three rules per method: forward requests with something like a key, else 401, or 405 for other
   * methods.
   */
  private addRules(listener: ApplicationListener) {
    const { routes } = this.props;
    const methods = [...new Set(routes.map(([method]) => method))];
    for (const [at, method] of methods.entries()) {
      const paths = routes.filter((each) => each[0] === method).map(([, path]) => path.replace(/\{.*$/, '*'));
      const anyMethod = [ListenerCondition.pathPatterns(paths)];
      const route = [ListenerCondition.httpRequestMethods([method]), ...anyMethod];
      // `?` matches one character: the space.
      const key = ListenerCondition.httpHeader('Authorization', [`Bearer?${API_KEY_PREFIX}*`]);
      listener.addAction(`${method}WithKey`, {
        priority: 10 + at,
        conditions: [...route, key],
        action: ListenerAction.forward([this.targets]),
      });
      listener.addAction(`${method}WithoutKey`, {
        priority: 20 + at,
        conditions: route,
        action: refusal(
          401,
          'unauthorized',
          `The API key is missing. Send 'Authorization: Bearer ${API_KEY_PREFIX}...'`,
        ),
      });
      listener.addAction(`Not${method}`, {
        priority: 30 + at,
        conditions: anyMethod,
        action: refusal(405, 'invalid_request', `This route takes ${method}`),
      });
    }
  }
}

/** A fixed error response of the load balancer, in OpenAI's format. */
function refusal(status: number, code: ErrorCode, message: string): ListenerAction {
  const body: ErrorBody = { error: { message, type: 'invalid_request_error', param: null, code } };
  return ListenerAction.fixedResponse(status, {
    contentType: 'application/json',
    messageBody: JSON.stringify(body),
  });
}
