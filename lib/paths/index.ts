import { DockerGpuPath } from './docker-gpu';
import { EmbeddingsPath } from './embeddings';
import { FastApiPath } from './fast-api';
import { HybridPath } from './hybrid';
import type { PathClass } from './path';
import { TextToSpeechPath } from './text-to-speech';
import { TraditionalPath } from './traditional';
import { VoxtralPath } from './voxtral';

/** The registry of paths. A new path is one file in this folder and one entry here. */
export const PATHS: PathClass[] = [
  TraditionalPath,
  DockerGpuPath,
  FastApiPath,
  VoxtralPath,
  HybridPath,
  TextToSpeechPath,
  EmbeddingsPath,
];

export {
  DockerGpuPath,
  EmbeddingsPath,
  FastApiPath,
  HybridPath,
  TextToSpeechPath,
  TraditionalPath,
  VoxtralPath,
};
export { SharedGpuPath, sharing, together, type Together } from './shared-gpu-path';
export { type MachineTraits, Path, type PathClass, type PathInfo, type PathProps } from './path';
