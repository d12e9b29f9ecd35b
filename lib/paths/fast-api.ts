import { Annotations, Duration, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { PORT } from '../../core/machine/container';
import { ENV, OUTPUT } from '../../core/contract/environment';
import { TASKS } from '../../core/tasks';
import { type Streaming, streaming as streamingOf, streamingCost } from '../http/streaming';
import { StreamingBalancer } from '../http/streaming-balancer';
import { zoneCount } from '../network/zone-settings';
import { whisper } from '../services';
import { InPlacePath } from './in-place-path';
import type { PathInfo, PathProps } from './path';

/**
 * Time for streams on a machine that is being removed. After it the worker gets SIGTERM and lets
 * them end.
 */
const DRAIN = Duration.seconds(30);

/**
 * Path 300: path 200 with OpenAI's audio routes on the same API, and live events with a public load
 * balancer.
 */
export class FastApiPath extends InPlacePath {
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
    const streaming = streamingOf(props.settings, Stack.of(scope).region);
    super(scope, id, FastApiPath.info, props, {
      service: whisper,
      apiId: 'AudioApi',
      answers: {
        id: 'TranscribeAudio',
        file: 'openai/transcribe-audio',
        description: 'Transcribes in place while a machine is warm, otherwise by a job',
        task: TASKS.transcription,
        modelVariable: ENV.whisperModel,
      },
      streamingPort: streaming && PORT.streaming,
    });
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
