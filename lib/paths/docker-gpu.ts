import { Size } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { whisperModels, whisperService } from '../machine/whisper-service';
import { Path, type PathInfo, type PathProps } from './path';

/** Path 200: the whisper service and the worker as containers, one pair per machine. */
export class DockerGpuPath extends Path {
  static readonly info: PathInfo = {
    id: 'DockerGpu',
    number: 200,
    summary: 'WhisperX in a container on spot GPU machines, fed by a queue',
    analysis: false,
  };

  constructor(scope: Construct, id: string, props: PathProps) {
    super(scope, id, DockerGpuPath.info, props);
    const { settings } = props;
    this.addModelFetch(whisperModels(settings));
    this.task.addService(
      ...whisperService(this.image('whisper'), settings, {
        memory: Size.gibibytes(8),
        essential: true,
        restart: false,
      }),
    );
    this.addWorker();
  }
}
