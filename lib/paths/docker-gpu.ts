import { Size } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { whisperService } from '../gpu/whisper-service';
import { Path, type PathInfo, type PathProps } from './path';

/** Path 200: the whisper service and the worker as containers, one pair to a machine. */
export class DockerGpuPath extends Path {
  static readonly info: PathInfo = {
    id: 'DockerGpu',
    number: 200,
    summary: 'WhisperX in a container on spot GPU machines, fed by a queue',
  };

  constructor(scope: Construct, id: string, props: PathProps) {
    super(scope, id, DockerGpuPath.info, props);
    this.addModelFetch();
    this.task.addService(...whisperService(this.image('whisper'), props.settings, Size.gibibytes(8)));
    this.addWorker();
  }
}
