/** Exit statuses of the program. `--help` prints this list. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  nothingFound: 4,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const MEANING: Record<ExitCode, string> = {
  [EXIT.ok]: 'everything was done, or there was nothing to do',
  [EXIT.failed]: 'a job failed, or the request could not be fulfilled',
  [EXIT.usage]: 'an option, argument or file name is not valid',
  [EXIT.unreachable]: 'the service cannot be reached, or does not accept the key or the credentials',
  [EXIT.nothingFound]: 'a search found nothing',
  [EXIT.bug]: 'an internal error of spotscribe',
  [EXIT.interrupted]: 'interrupted by Ctrl-C',
  [EXIT.terminated]: 'terminated by SIGTERM',
};

export const exitCodesHelp = (): string =>
  ['Exit status:', ...Object.entries(MEANING).map(([code, meaning]) => `  ${code.padEnd(5)}${meaning}`)].join(
    '\n',
  );
