/** Platform of the machines: all NVIDIA instance types in the default settings are x86-64. */
const MACHINE = { os: 'linux', architecture: 'amd64' };

export interface Platform {
  os?: string;
  architecture?: string;
}

/** A manifest in Docker or OCI format, of one image (`config`) or of several (`manifests`). */
export interface Manifest {
  config?: { digest?: string };
  manifests?: { digest?: string; platform?: Platform }[];
}

/** Whether the machines can run an image for this platform. */
export const isMachine = ({ os, architecture }: Platform): boolean =>
  os === MACHINE.os && architecture === MACHINE.architecture;

/**
 * The digest of the image in a list that the machines can run. Attestations are in the list, too,
 * as images for an unknown platform.
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
    `The image is built for ${platforms.map(({ os, architecture }) => `${os}/${architecture}`).join(', ') || 'no platform'}, ` +
      `but the machines are ${MACHINE.os}/${MACHINE.architecture}: build it with --platform ${MACHINE.os}/${MACHINE.architecture}`,
  );
