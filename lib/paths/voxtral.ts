import type { Construct } from 'constructs';
import { voxtral } from '../services';
import { Path, type PathInfo, type PathProps } from './path';

/**
 * Path 400: the Voxtral service, with exclusive use of the GPU, and the worker; one pair per
 * machine.
 */
export class VoxtralPath extends Path {
  static readonly info: PathInfo = {
    id: 'Voxtral',
    number: 400,
    summary: 'Voxtral in a container on spot GPU machines: transcripts and analyses',
    services: [{ service: voxtral }],
  };

  constructor(scope: Construct, id: string, props: PathProps) {
    super(scope, id, VoxtralPath.info, props);
  }
}
