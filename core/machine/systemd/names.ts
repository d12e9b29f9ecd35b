/** The unit that starts and stops all processes. */
export const TARGET = 'spotscribe.target';
/** The unit whose memory all processes share. */
export const SLICE = 'spotscribe.slice';
/** Group of all processes: it may read the shared volumes. */
export const GROUP = 'spotscribe';

/** Identifier in the journal of the script that boots the machine. */
export const BOOT_IDENTIFIER = 'spotscribe';
/** The unit, with its user, that sends the journal to CloudWatch. No process can have this name. */
export const JOURNAL_USER = 'spotscribe_journal';
export const JOURNAL_UNIT = `${JOURNAL_USER}.service`;

/** The user that a process runs as. */
export const userOf = (process: string) => `spotscribe-${process}`;
/** The name of a process's unit. */
export const unitOf = (process: string) => `${userOf(process)}.service`;
