import type { ErrorCode } from '../core/contract/names';
import { EXIT, type ExitCode } from './exit-codes';

/** Codes of failures: those of the API, and those that only the command line knows. */
export type CliErrorCode =
  | ErrorCode
  | 'usage'
  | 'unreachable'
  | 'file_unreadable'
  | 'file_changed'
  | 'file_exists'
  | 'write_failed'
  | 'timeout'
  | 'expired'
  | 'cancelled'
  | 'interrupted';

/** The family of the command line's errors: a message for the user, a stable code, and the program's exit status. */
export class CliError extends Error {
  override readonly name: string = 'CliError';

  constructor(
    readonly code: CliErrorCode,
    message: string,
    readonly exitCode: ExitCode = EXIT.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The command was given something that it cannot work with. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';

  constructor(message: string, options?: ErrorOptions) {
    super('usage', message, EXIT.usage, options);
  }
}

/** Nobody answers, or not what a Spotscribe API would. */
export class UnreachableError extends CliError {
  override readonly name = 'UnreachableError';

  constructor(message: string, options?: ErrorOptions) {
    super('unreachable', message, EXIT.unreachable, options);
  }
}

/** The key or the AWS credentials are missing, wrong or without the right. */
export class UnauthorizedError extends CliError {
  override readonly name = 'UnauthorizedError';

  constructor(message: string, options?: ErrorOptions) {
    super('unauthorized', message, EXIT.unreachable, options);
  }
}

/** The API refused a request, with the code and the message of its answer. */
export class ApiError extends CliError {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    code: ErrorCode,
    message: string,
  ) {
    super(code, message);
  }
}

/** The user or the system told the program to stop. */
export class InterruptedError extends CliError {
  override readonly name = 'InterruptedError';

  constructor(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT') {
    super('interrupted', 'Interrupted', signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated);
  }
}
