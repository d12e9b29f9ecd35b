import { CliError, UnauthorizedError, UnreachableError, UsageError } from './errors';

/**
 * Translates a failure of the AWS SDK into a message for the user. Other errors are returned
 * unchanged.
 */
export function fromAws(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CliError) return error;
  const { name, message, code } = error as Error & { code?: string };
  if (/Region is missing/.test(message)) {
    return new UsageError('No AWS region is set. Set AWS_REGION, or a region in the AWS profile', {
      cause: error,
    });
  }
  if (/Credentials|ExpiredToken|InvalidClientToken|UnrecognizedClient|SignatureDoesNotMatch/.test(name)) {
    return new UnauthorizedError(
      `AWS credentials are missing or not valid (${message}). Set AWS_PROFILE, or sign in again`,
      { cause: error },
    );
  }
  if (/AccessDenied|UnauthorizedOperation/.test(name)) {
    return new UnauthorizedError(`The AWS credentials lack a permission: ${message}`, { cause: error });
  }
  if (/^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT)/.test(code ?? '') || name === 'TimeoutError') {
    return new UnreachableError(`Cannot reach AWS: ${message === '' ? code : message}`, {
      cause: error,
    });
  }
  if (name === 'ValidationError' && /does not exist/.test(message)) {
    return notFound(`${message}. Deploy it, or run "npx cdk list" to see the names of the stacks`, error);
  }
  if (name === 'NoSuchBucket')
    return notFound(`${message}. Deploy first, or check the value of --bucket`, error);
  return '$metadata' in error
    ? new CliError('internal', `AWS returned ${name}: ${message}`, undefined, { cause: error })
    : error;
}

const notFound = (message: string, cause: Error) => new CliError('not_found', message, undefined, { cause });
