/** The machines' processors and system: every type with an NVIDIA card that the settings name by default is an x86-64. */
const MACHINE = { os: 'linux', architecture: 'amd64' };

export interface Platform {
  os?: string;
  architecture?: string;
}

/** A manifest of Docker or OCI: of one image (`config`), or of several (`manifests`). */
export interface Manifest {
  config?: { digest?: string };
  manifests?: { digest?: string; platform?: Platform }[];
}

/** Whether the machines can run an image that was made for this. */
export const isMachine = ({ os, architecture }: Platform): boolean =>
  os === MACHINE.os && architecture === MACHINE.architecture;

/**
 * The digest of the one image among several that the machines can run. Attestations stand beside the images, as ones
 * for an unknown platform.
 *
 * @throws Error if there is none
 */
export function machineImage({ manifests = [] }: Manifest): string {
  const found = manifests.find(({ platform = {} }) => isMachine(platform))?.digest;
  if (found !== undefined) return found;
  throw wrongPlatform(manifests.map(({ platform = {} }) => platform));
}

export const wrongPlatform = (platforms: Platform[]): Error =>
  new Error(
    `The image is made for ${platforms.map(({ os, architecture }) => `${os}/${architecture}`).join(', ') || 'nothing'}, ` +
      `and the machines are ${MACHINE.os}/${MACHINE.architecture}: build it with --platform ${MACHINE.os}/${MACHINE.architecture}`,
  );
