/** The unit that starts and stops all processes. */
export const TARGET = 'spotscribe.target';
/** The unit whose memory all processes share. */
export const SLICE = 'spotscribe.slice';
/** Group of all processes: it may read the shared volumes. */
export const GROUP = 'spotscribe';

/** The user that a process runs as. */
export const userOf = (process: string) => `spotscribe-${process}`;
/** The name of a process's unit. */
export const unitOf = (process: string) => `${userOf(process)}.service`;
