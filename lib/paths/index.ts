import { DockerGpuPath } from './docker-gpu';
import type { PathClass } from './path';

/** The registry: a new path is one file beside this one, and one line here. */
export const PATHS: PathClass[] = [DockerGpuPath];

export { DockerGpuPath };
export { Path, type PathClass, type PathInfo, type PathProps } from './path';
