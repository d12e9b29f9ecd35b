import type { S3Client } from '@aws-sdk/client-s3';

/** Calls `before` with the key of every object before it is written. An error takes the place of the write. */
export function failingPuts(s3: S3Client, before: (key: string) => Promise<void> | void): void {
  s3.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'PutObjectCommand') await before((args.input as { Key: string }).Key);
        return next(args);
      },
    { step: 'initialize' },
  );
}
