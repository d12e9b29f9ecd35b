import type { Construct } from 'constructs';
import type { Service } from '../services';
import type { ServiceUse } from '../services/service';
import { Path, type PathInfo, type PathProps } from './path';

/** ECS finds 15.4 GiB on a g4dn.xlarge. The reservations of two services and the worker leave 2.6 GiB. */
const MEMORY_MIB = 6 * 1024;

/** How a service is used next to another one. */
export type Together = Omit<ServiceUse, 'service'>;

/**
 * A service that shares a machine's GPU. It restarts alone: replacing all processes would also stop
 * the other model and the worker's job, and loading two models takes a minute.
 */
export const together = (service: Service, use: Together = {}): ServiceUse => ({
  service,
  memoryMib: MEMORY_MIB,
  restart: true,
  ...use,
});

/**
 * A path whose services share one GPU, such as any two of this package. Each service gets the GPU
 * memory that its model needs, so that synthesis refuses services that do not fit.
 *
 * ```ts
 * class WhisperAndSpeech extends SharedGpuPath {
 *   static readonly info = sharing('WhisperAndSpeech', 1000, 'Transcripts and speech', whisper, speech);
 *   constructor(scope: Construct, id: string, props: PathProps) {
 *     super(scope, id, WhisperAndSpeech.info, props);
 *   }
 * }
 * ```
 */
export abstract class SharedGpuPath extends Path {
  /** @throws SettingsError if the services contradict each other or do not fit on the machines */
  protected constructor(scope: Construct, id: string, info: PathInfo, props: PathProps) {
    super(scope, id, info, props, { gpu: 'shared' });
  }
}

/** Describes a path of services that share the GPU, each with all of its tasks. */
export const sharing = (id: string, number: number, summary: string, ...services: Service[]): PathInfo => ({
  id,
  number,
  summary,
  services: services.map((service) => together(service)),
});
