import type { Construct } from 'constructs';
import { whisper } from '../services';
import { Path, type PathInfo, type PathProps } from './path';

/** Path 200: the whisper service and the worker as containers, one pair per machine. */
export class DockerGpuPath extends Path {
  static readonly info: PathInfo = {
    id: 'DockerGpu',
    number: 200,
    summary: 'WhisperX in a container on spot GPU machines, fed by a queue',
    services: [{ service: whisper }],
  };

  constructor(scope: Construct, id: string, props: PathProps) {
    super(scope, id, DockerGpuPath.info, props);
  }
}
