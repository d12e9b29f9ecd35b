/** Package set of a model service's image: engines for GPUs, or engines for laptops. */
export type Requirements = 'production' | 'laptop';

/**
 * Stages of `docker/Dockerfile` that services are built on: `plain` has Python, `audio` has ffmpeg
 * too, `torch` has torch and CUDA, and `torch-audio` has all of them.
 */
export const FAMILIES = ['plain', 'audio', 'torch', 'torch-audio'] as const;
export type Family = (typeof FAMILIES)[number];

/** Family of a service's image, for each package set. */
export type ServiceFamilies = Readonly<Record<Requirements, Family>>;
