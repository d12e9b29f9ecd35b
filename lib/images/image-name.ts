import { SERVICE_NAMES, type ServiceName } from '../services/names';

/** Images of this package that a path can run, each built from the folder of the same name in `docker/`. */
export type ImageName = 'worker' | ServiceName;
export const IMAGE_NAMES: readonly ImageName[] = ['worker', ...SERVICE_NAMES];

/** Construct id of a named thing: `whisper` becomes `Whisper`. */
export const idOf = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Makes a value for each name. */
export const byName = <Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Value,
): Record<Name, Value> => Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Value>;
