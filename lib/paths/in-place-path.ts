import { basename } from 'node:path';
import { Annotations, Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { monthlyCost, warmth as warmthOf } from '../fleet/warmth';
import { checkZones, MachinesBalancer } from '../http/machines-balancer';
import { TaskApi, type TaskFunction } from '../http/task-api';
import type { Service } from '../services';
import { Path, type PathInfo, type PathProps } from './path';

/**
 * Maximum wait for an answer in place. Below the function's timeout of 29 s, so that it can still
 * answer.
 */
const WAIT = Duration.seconds(25);

/** What answers requests in place. */
export interface InPlace {
  /** The service behind the load balancer. Its port of the machine must be fixed. */
  readonly service: Service;
  /** Construct id of the routes. */
  readonly apiId: string;
  readonly answers: TaskFunction;
  /** Name of the deployed model. @default - that of the model that the service must have */
  readonly model?: string;
  /** Port of the machines for the worker's public server. @default - no such server */
  readonly streamingPort?: number;
}

/**
 * A path with OpenAI's routes of a task on its API. Warm machines behind a load balancer answer in
 * place. If none is available, or the answer takes too long, the request becomes a job.
 */
export abstract class InPlacePath extends Path {
  /**
   * @throws SettingsError if settings for warm machines contradict each other, or the balancer would
   * have a single zone
   */
  protected constructor(
    scope: Construct,
    id: string,
    info: PathInfo,
    props: PathProps,
    { service, apiId, answers, model, streamingPort }: InPlace,
  ) {
    const { settings, network } = props;
    const warmth = warmthOf(settings);
    checkZones(settings);
    super(scope, id, info, props, { warmth, balanced: true, streamingPort });

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
    Annotations.of(this).addInfoV2(
      'spotscribe:warmMachines',
      monthlyCost(warmth, settings.instanceTypes[0] ?? ''),
    );
  }
}
