import type { Construct } from 'constructs';
import { systemdRuntime } from '../machine/systemd-runtime';
import { whisper } from '../services';
import { Path, type PathInfo, type PathProps } from './path';

/** Path 100: the whisper service and the worker as units of systemd, without containers. */
export class TraditionalPath extends Path {
  static readonly info: PathInfo = {
    id: 'Traditional',
    number: 100,
    summary: 'WhisperX without containers, on spot GPU machines with AWS’s Deep Learning AMI, fed by a queue',
    services: [{ service: whisper }],
  };

  constructor(scope: Construct, id: string, props: PathProps) {
    super(scope, id, TraditionalPath.info, props, { runtime: systemdRuntime });
  }
}
