import type { Connection } from './api/client';
import type { ExitCode } from './exit-codes';
import type { Terminal } from './terminal';

/** What every command is given by the program. */
export interface Context {
  terminal: Terminal;
  /** Given when the user or the system wants the program to stop; its reason is an `InterruptedError`. */
  interruption: AbortSignal;
  /** The API of the AWS that runs on this machine, if one does. */
  localConnection: () => Promise<Connection | undefined>;
  /** Says with which status to end, once the command has returned. */
  exitWith: (code: ExitCode) => void;
}
