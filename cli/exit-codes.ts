/** What the program's exit status says: the one list of them, also printed by `--help`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const MEANING: Record<ExitCode, string> = {
  [EXIT.ok]: 'all is done, or nothing was left to do',
  [EXIT.failed]: 'a job failed, or what was asked for cannot be had',
  [EXIT.usage]: 'a wrong option, argument or file name',
  [EXIT.unreachable]: 'the service cannot be reached, or does not accept the key or the credentials',
  [EXIT.bug]: 'a defect in spotscribe itself',
  [EXIT.interrupted]: 'interrupted by Ctrl-C',
  [EXIT.terminated]: 'terminated by SIGTERM',
};

export const exitCodesHelp = (): string =>
  ['Exit status:', ...Object.entries(MEANING).map(([code, meaning]) => `  ${code.padEnd(5)}${meaning}`)].join(
    '\n',
  );
