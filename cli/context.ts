import type { Connection } from './api/client';
import type { ExitCode } from './exit-codes';
import type { Terminal } from './terminal';

/** What the program passes to every command. */
export interface Context {
  terminal: Terminal;
  /** Aborted when the user or the system stops the program. Its reason is an `InterruptedError`. */
  interruption: AbortSignal;
  /** The API of the local AWS, if it is running. */
  localConnection: () => Promise<Connection | undefined>;
  /** Sets the exit status of the program. It takes effect when the command has returned. */
  exitWith: (code: ExitCode) => void;
}
