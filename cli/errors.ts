import type { ErrorCode } from '../core/contract/names';
import { EXIT, type ExitCode } from './exit-codes';

/** Error codes: those of the API, and those of the command line only. */
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
  | 'ffmpeg_missing'
  | 'ffmpeg_failed'
  | 'interrupted';

/**
 * Base class of the command line's errors: a message for the user, a stable code and the exit
 * status.
 */
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

/** An argument, option or environment variable is missing or not valid. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';

  constructor(message: string, options?: ErrorOptions) {
    super('usage', message, EXIT.usage, options);
  }
}

/** The server does not answer, or its answer is not that of a Spotscribe API. */
export class UnreachableError extends CliError {
  override readonly name = 'UnreachableError';

  constructor(message: string, options?: ErrorOptions) {
    super('unreachable', message, EXIT.unreachable, options);
  }
}

/** The key or the AWS credentials are missing, not valid or without the required permission. */
export class UnauthorizedError extends CliError {
  override readonly name = 'UnauthorizedError';

  constructor(message: string, options?: ErrorOptions) {
    super('unauthorized', message, EXIT.unreachable, options);
  }
}

/** The API refused a request. Code and message are those of its answer. */
export class ApiError extends CliError {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    code: ErrorCode,
    message: string,
  ) {
    super(code, message, status === 403 ? EXIT.unreachable : EXIT.failed);
  }
}

/** The user or the system stopped the program. */
export class InterruptedError extends CliError {
  override readonly name = 'InterruptedError';

  constructor(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT') {
    super('interrupted', 'Interrupted', signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated);
  }
}
