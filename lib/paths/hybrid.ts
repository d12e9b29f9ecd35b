import type { Construct } from 'constructs';
import { voxtral, whisper } from '../services';
import type { PathInfo, PathProps } from './path';
import { SharedGpuPath, together } from './shared-gpu-path';

/**
 * Path 500: the whisper service for transcripts, the Voxtral service for analyses, and the worker,
 * on one GPU. A transcript is useful without an analysis, so the machine continues if Voxtral ends.
 */
export class HybridPath extends SharedGpuPath {
  static readonly info: PathInfo = {
    id: 'Hybrid',
    number: 500,
    summary: 'WhisperX and Voxtral on one GPU of spot machines: transcripts with speakers, and analyses',
    services: [together(whisper), together(voxtral, { tasks: ['analysis'], essential: false })],
  };

  constructor(scope: Construct, id: string, props: PathProps) {
    super(scope, id, HybridPath.info, props);
  }
}
