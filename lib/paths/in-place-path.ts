import { basename } from 'node:path';
import { Annotations, Duration, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { OUTPUT } from '../../core/contract/environment';
import type { Route } from '../../core/contract/http';
import { PORT } from '../../core/machine/container';
import { checkZones, MachinesBalancer } from '../http/machines-balancer';
import { type Streaming, streaming as streamingOf, streamingCost } from '../http/streaming';
import { StreamingBalancer } from '../http/streaming-balancer';
import { TaskApi, type TaskFunction } from '../http/task-api';
import { zoneCount } from '../network/zone-settings';
import type { Service } from '../services';
import { Path, type PathInfo, type PathProps } from './path';

/**
 * Maximum wait for an answer in place. Below the function's timeout of 29 s, so that it can still
 * answer.
 */
const WAIT = Duration.seconds(25);

/**
 * Time for streams on a machine that is being removed. After it the worker gets SIGTERM and lets
 * them end.
 */
const DRAIN = Duration.seconds(30);

/** What answers requests in place. */
export interface InPlace {
  /** The service behind the load balancer. Its port of the machine must be fixed. */
  readonly service: Service;
  /** Construct id of the routes. */
  readonly apiId: string;
  readonly answers: TaskFunction;
  /** Name of the deployed model. @default - that of the model that the service must have */
  readonly model?: string;
  /**
   * Whether answers can be streams, which the public load balancer of the setting `certificateArn`
   * sends live. @default false
   */
  readonly streams?: boolean;
}

/**
 * A path with OpenAI's routes of a task on its API. Warm machines behind a load balancer answer in
 * place. If none is available, or the answer takes too long, the request becomes a job.
 */
export abstract class InPlacePath extends Path {
  private readonly streamingBalancer?: StreamingBalancer;

  /**
   * @throws SettingsError if settings for warm machines or the public load balancer contradict each
   * other, or a balancer would have a single zone
   */
  protected constructor(
    scope: Construct,
    id: string,
    info: PathInfo,
    props: PathProps,
    { service, apiId, answers, model, streams = false }: InPlace,
  ) {
    const { settings, network } = props;
    const streaming = streams ? streamingOf(settings, Stack.of(scope).region) : undefined;
    checkZones(settings);
    super(scope, id, info, props, { balanced: true, streamingPort: streaming && PORT.streaming });

    const { vpc } = network;
    const { name, port, models } = service;
    const balancer = new MachinesBalancer(this, 'Balancer', { vpc, port, wait: WAIT });
    this.fleet.addSecurityGroup(balancer.machineSecurityGroup);
    this.register({ process: name, port }, balancer.targets);
    this.sizer.countRequests(balancer.metricName);
    const { handler } = new TaskApi(this, apiId, {
      answers,
      model: model ?? models?.(settings).find(({ required }) => required)?.name,
      api: this.api,
      vpc,
      subnets: network.functionSubnets,
      balancer,
      store: this.store,
      path: info.id,
      tasks: this.tasks,
      wait: WAIT,
      settings,
    });
    this.alarms.watchRequests(handler, basename(answers.file));
    if (streaming !== undefined)
      this.streamingBalancer = this.openStreaming(streaming, answers.task.routes ?? []);
  }

  override get outputs(): Record<string, string> {
    const { streamingBalancer } = this;
    return {
      ...super.outputs,
      ...(streamingBalancer && { [OUTPUT.streamingEndpoint]: streamingBalancer.dnsName }),
    };
  }

  private openStreaming(streaming: Streaming, routes: readonly Route[]): StreamingBalancer {
    const { settings, network } = this.props;
    const balancer = new StreamingBalancer(this, 'Streaming', {
      vpc: network.vpc,
      port: PORT.streaming,
      drain: DRAIN,
      ...{ streaming, routes },
    });
    this.fleet.addSecurityGroup(balancer.machineSecurityGroup);
    this.register({ process: 'worker', port: PORT.streaming }, balancer.targets);
    this.sizer.heedRequests(balancer.metricName);
    Annotations.of(this).addInfoV2(
      'spotscribe:streaming',
      streamingCost(streaming, zoneCount(settings.availabilityZones)),
    );
    return balancer;
  }
}
