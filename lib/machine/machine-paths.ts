import { CONTAINER_UID } from '../../core/machine/container';

/**
 * Volumes of the processes: folders on the machine's NVMe disk, and the file that describes the
 * machine. The scripts in `boot` make them.
 */
export const MACHINE_PATH = {
  sharedAudio: '/mnt/nvme/shared-audio',
  models: '/mnt/nvme/models',
  scratch: '/mnt/nvme/scratch',
  machine: '/mnt/nvme/machine.json',
} as const;

/** User and group of the processes in Spotscribe's images. */
export const CONTAINER_USER = `${CONTAINER_UID}:${CONTAINER_UID}`;
