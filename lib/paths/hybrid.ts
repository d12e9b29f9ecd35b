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
 * Path 500: the whisper service for transcripts, the Voxtral service for analyses, and the worker,
 * on one GPU. A transcript is useful without an analysis, so the task continues if Voxtral ends.
 *
 * Each model service restarts in its task. Replacing the task would also stop the other model and
 * the worker's job, and loading both models takes a minute.
 */
export class HybridPath extends Path {
  static readonly info: PathInfo = {
    id: 'Hybrid',
    number: 500,
    summary: 'WhisperX and Voxtral on one GPU of spot machines: transcripts with speakers, and analyses',
    analysis: true,
  };

  /** @throws SettingsError if the two models do not fit on the GPU of every machine type */
  constructor(scope: Construct, id: string, props: PathProps) {
    const { settings } = props;
    const shares = gpuShares(settings);
    super(scope, id, HybridPath.info, props, { gpu: GpuSharing.runtime() });

    this.addModelFetch([...whisperModels(settings), ...voxtralModels(settings)]);
    const place = {
      // ECS finds 15.4 GiB on a g4dn.xlarge. All reservations together leave 2.6 GiB unreserved.
      memory: Size.gibibytes(6),
      restart: true,
      environment: { [ENV.gpuPriorityFile]: GPU_PRIORITY_FILE },
    };
    this.task.addService(...whisperService(this.image('whisper'), settings, { ...place, essential: true }));
    this.task.addService(
      ...voxtralService(
        this.image('voxtral'),
        settings,
        {
          ...place,
          essential: false,
          environment: {
            ...place.environment,
            [ENV.voxtralQuantization]: sharedQuantization(settings),
            ...(shares.voxtral !== undefined && { [ENV.gpuMemoryMib]: String(shares.voxtral) }),
          },
        },
        ['analysis'],
      ),
    );
    this.addWorker();
  }
}
