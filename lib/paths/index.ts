import { DockerGpuPath } from './docker-gpu';
import { FastApiPath } from './fast-api';
import { HybridPath } from './hybrid';
import type { PathClass } from './path';
import { VoxtralPath } from './voxtral';

/** The registry: a new path is one file beside this one, and one line here. */
export const PATHS: PathClass[] = [DockerGpuPath, FastApiPath, VoxtralPath, HybridPath];

export { DockerGpuPath, FastApiPath, HybridPath, VoxtralPath };
export { type MachineTraits, Path, type PathClass, type PathInfo, type PathProps } from './path';
