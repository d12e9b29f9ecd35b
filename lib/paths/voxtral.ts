import { Size } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { voxtralModels, voxtralService } from '../machine/voxtral-service';
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
    analysis: true,
  };

  constructor(scope: Construct, id: string, props: PathProps) {
    super(scope, id, VoxtralPath.info, props);
    const { settings } = props;
    this.addModelFetch(voxtralModels(settings));
    this.task.addService(
      ...voxtralService(this.image('voxtral'), settings, {
        memory: Size.gibibytes(8),
        essential: true,
        restart: false,
      }),
    );
    this.addWorker();
  }
}
