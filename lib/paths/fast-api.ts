import { Annotations, Duration, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { PORT } from '../../core/machine/container';
import { OUTPUT } from '../../core/contract/environment';
import { warmth as warmthOf, monthlyCost } from '../fleet/warmth';
import { AudioApi } from '../http/audio-api';
import { checkZones, MachinesBalancer } from '../http/machines-balancer';
import { type Streaming, streaming as streamingOf, streamingCost } from '../http/streaming';
import { StreamingBalancer } from '../http/streaming-balancer';
import { zoneCount } from '../network/zone-settings';
import { whisper } from '../services';
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

/**
 * Path 300: path 200 with OpenAI's audio routes on the same API. Warm machines answer in place. If
 * none is available, or the answer takes too long, the request becomes a job.
 */
export class FastApiPath extends Path {
  static readonly info: PathInfo = {
    id: 'FastApi',
    number: 300,
    summary: 'WhisperX behind a load balancer on warm spot GPU machines: answers over HTTP, or by a queue',
    // Fixed, so that a security group's rule can name it.
    services: [{ service: whisper, hostPort: whisper.port }],
  };

  private readonly streamingBalancer?: StreamingBalancer;

  /**
   * @throws SettingsError if settings for warm machines or the public load balancer contradict each
   * other, or a balancer would have a single zone
   */
  constructor(scope: Construct, id: string, props: PathProps) {
    const { settings, network } = props;
    const warmth = warmthOf(settings);
    const streaming = streamingOf(settings, Stack.of(scope).region);
    checkZones(settings);
    const streamingPort = streaming && PORT.streaming;
    super(scope, id, FastApiPath.info, props, { warmth, balanced: true, streamingPort });

    const { vpc } = network;
    const balancer = new MachinesBalancer(this, 'Balancer', { vpc, port: whisper.port, wait: WAIT });
    this.fleet.addSecurityGroup(balancer.machineSecurityGroup);
    this.register({ process: whisper.name, port: whisper.port }, balancer.targets);
    this.sizer.countRequests(balancer.metricName);
    const { transcribeAudio } = new AudioApi(this, 'AudioApi', {
      api: this.api,
      vpc,
      subnets: network.functionSubnets,
      balancer,
      store: this.store,
      path: FastApiPath.info.id,
      tasks: this.tasks,
      wait: WAIT,
      settings,
    });
    this.alarms.watchRequests(transcribeAudio, 'transcribe-audio');
    Annotations.of(this).addInfoV2(
      'spotscribe:warmMachines',
      monthlyCost(warmth, settings.instanceTypes[0] ?? ''),
    );
    if (streaming !== undefined) this.streamingBalancer = this.openStreaming(streaming);
  }

  override get outputs(): Record<string, string> {
    const { streamingBalancer } = this;
    return {
      ...super.outputs,
      ...(streamingBalancer && { [OUTPUT.streamingEndpoint]: streamingBalancer.dnsName }),
    };
  }

  private openStreaming(streaming: Streaming): StreamingBalancer {
    const { settings, network } = this.props;
    const balancer = new StreamingBalancer(this, 'Streaming', {
      vpc: network.vpc,
      port: PORT.streaming,
      streaming,
      drain: DRAIN,
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
