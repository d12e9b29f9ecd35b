/**
 * Package sets of a model service's image: `requirements.<set>.txt` in the service's folder. Most
 * services have one for GPUs and one for laptops. An engine with packages of its own has another.
 */
export const REQUIREMENTS = ['production', 'laptop', 'coqui'] as const;
export type Requirements = (typeof REQUIREMENTS)[number];

/**
 * Stages of `docker/Dockerfile` that services are built on: `plain` has Python, `audio` has ffmpeg
 * too, `torch` has torch and CUDA, and `torch-audio` has all of them.
 */
export const FAMILIES = ['plain', 'audio', 'torch', 'torch-audio'] as const;
export type Family = (typeof FAMILIES)[number];

/** Family of a service's image, for each of its package sets. */
export type ServiceFamilies = Readonly<
  Record<'production' | 'laptop', Family> & Partial<Record<Requirements, Family>>
>;

/**
 * Family of a service's image with a package set.
 *
 * @throws RangeError if the service has no such set
 */
export function familyOf(families: ServiceFamilies, requirements: Requirements): Family {
  const family = families[requirements];
  if (family !== undefined) return family;
  const known = Object.keys(families).join(', ');
  throw new RangeError(`The package set must be one of ${known}; got ${requirements}. Correct "engines".`);
}
