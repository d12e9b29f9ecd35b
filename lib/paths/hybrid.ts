import type { Construct } from 'constructs';
import { voxtral, whisper } from '../services';
import { Path, type PathInfo, type PathProps } from './path';

/** ECS finds 15.4 GiB on a g4dn.xlarge. All reservations together leave 2.6 GiB unreserved. */
const MEMORY_MIB = 6 * 1024;

/**
 * Path 500: the whisper service for transcripts, the Voxtral service for analyses, and the worker,
 * on one GPU. A transcript is useful without an analysis, so the machine continues if Voxtral ends.
 *
 * Each model service restarts alone. Replacing all processes would also stop the other model and
 * the worker's job, and loading both models takes a minute.
 */
export class HybridPath extends Path {
  static readonly info: PathInfo = {
    id: 'Hybrid',
    number: 500,
    summary: 'WhisperX and Voxtral on one GPU of spot machines: transcripts with speakers, and analyses',
    services: [
      { service: whisper, memoryMib: MEMORY_MIB, restart: true },
      { service: voxtral, tasks: ['analysis'], memoryMib: MEMORY_MIB, restart: true, essential: false },
    ],
  };

  constructor(scope: Construct, id: string, props: PathProps) {
    super(scope, id, HybridPath.info, props, { gpu: 'shared' });
  }
}
