import { Size } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ENV } from '../../core/contract/environment';
import { gpuShares, sharedQuantization } from '../machine/gpu-shares';
import { GpuSharing } from '../machine/gpu-sharing';
import { GPU_PRIORITY_FILE } from '../machine/gpu-task';
import { voxtralModels, voxtralService } from '../machine/voxtral-service';
import { whisperModels, whisperService } from '../machine/whisper-service';
import { Path, type PathInfo, type PathProps } from './path';

/**
 * Path 500: the whisper service for the words, the Voxtral service for what is understood of them, and the worker, on one
 * card. A transcript is of use without an analysis, but not the other way round: Voxtral's end stops nobody.
 *
 * Both model services restart in place. Replacing the task would take the other model off the card, which had nothing to
 * do with it, and the worker from its job; and loading both again takes a minute.
 */
export class HybridPath extends Path {
  static readonly info: PathInfo = {
    id: 'Hybrid',
    number: 500,
    summary:
      'WhisperX and Voxtral on one GPU of spot machines: words and speakers, and what is understood of them',
    analysis: true,
  };

  /** @throws SettingsError if the two models do not fit on the card of every machine type */
  constructor(scope: Construct, id: string, props: PathProps) {
    const { settings } = props;
    const shares = gpuShares(settings);
    super(scope, id, HybridPath.info, props, { gpu: GpuSharing.runtime() });

    this.addModelFetch([...whisperModels(settings), ...voxtralModels(settings)]);
    const place = {
      // Of the 15.4 GiB that ECS finds on a g4dn.xlarge, these and the others' leave 2.6 to whoever needs them.
      memory: Size.gibibytes(6),
      restart: true,
      environment: { [ENV.gpuPriorityFile]: GPU_PRIORITY_FILE },
    };
    this.task.addService(...whisperService(this.image('whisper'), settings, { ...place, essential: true }));
    this.task.addService(
      ...voxtralService(this.image('voxtral'), settings, {
        ...place,
        essential: false,
        environment: {
          ...place.environment,
          [ENV.voxtralQuantization]: sharedQuantization(settings),
          ...(shares.voxtral !== undefined && { [ENV.gpuMemoryMib]: String(shares.voxtral) }),
        },
      }),
    );
    this.addWorker();
  }
}
