import { DockerGpuPath } from './docker-gpu';
import { HybridPath } from './hybrid';
import type { PathClass } from './path';
import { VoxtralPath } from './voxtral';

/** The registry: a new path is one file beside this one, and one line here. */
export const PATHS: PathClass[] = [DockerGpuPath, VoxtralPath, HybridPath];

export { DockerGpuPath, HybridPath, VoxtralPath };
export { Path, type PathClass, type PathInfo, type PathProps } from './path';
