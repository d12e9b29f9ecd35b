import { CliError, UnauthorizedError, UnreachableError, UsageError } from './errors';

/** A failure of the AWS SDK in the user's terms; other errors as they are. */
export function fromAws(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CliError) return error;
  const { name, message, code } = error as Error & { code?: string };
  if (/Region is missing/.test(message)) {
    return new UsageError('No AWS region is set: give AWS_REGION, or set one in the profile', {
      cause: error,
    });
  }
  if (/Credentials|ExpiredToken|InvalidClientToken|UnrecognizedClient|SignatureDoesNotMatch/.test(name)) {
    return new UnauthorizedError(
      `AWS credentials are missing or not valid (${message}): set AWS_PROFILE, or sign in again`,
      { cause: error },
    );
  }
  if (/AccessDenied|UnauthorizedOperation/.test(name)) {
    return new UnauthorizedError(`The AWS credentials lack a right: ${message}`, { cause: error });
  }
  if (/^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT)/.test(code ?? '') || name === 'TimeoutError') {
    return new UnreachableError(`AWS cannot be reached: ${message === '' ? code : message}`, {
      cause: error,
    });
  }
  if (name === 'ValidationError' && /does not exist/.test(message)) {
    return notFound(`${message}: deploy it, or see "npx cdk list" for the names`, error);
  }
  if (name === 'NoSuchBucket') return notFound(`${message}: deploy first, or look at --bucket`, error);
  return '$metadata' in error
    ? new CliError('internal', `AWS answered ${name}: ${message}`, undefined, { cause: error })
    : error;
}

const notFound = (message: string, cause: Error) => new CliError('not_found', message, undefined, { cause });
