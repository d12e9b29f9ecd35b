import type { ImageName } from './image-name';

/** Package set of a model service's image: engines for GPUs, or engines for laptops. */
export type Requirements = 'production' | 'laptop';

/**
 * Stages of `docker/Dockerfile` that services are built on: `plain` has Python, `audio` has ffmpeg
 * too, `torch` has torch and CUDA, and `torch-audio` has all of them.
 */
export const FAMILIES = ['plain', 'audio', 'torch', 'torch-audio'] as const;

export type Family = (typeof FAMILIES)[number];

/** Images of the model services. */
export type ServiceName = Exclude<ImageName, 'worker'>;

export interface PythonService {
  /** Family of the image, for each package set. */
  readonly family: Record<Requirements, Family>;
  /** Folders of `docker/` with the sources, as the stage of `docker/Dockerfile` copies them. */
  readonly folders: readonly string[];
}

/** What the images of the model services are made of. */
export const PYTHON_SERVICES: Readonly<Record<ServiceName, PythonService>> = {
  whisper: {
    family: { production: 'torch-audio', laptop: 'audio' },
    folders: ['common/spotscribe_common', 'audio/spotscribe_audio', 'whisper/spotscribe_whisper'],
  },
  voxtral: {
    family: { production: 'torch-audio', laptop: 'audio' },
    folders: ['common/spotscribe_common', 'audio/spotscribe_audio', 'voxtral/spotscribe_voxtral'],
  },
};
