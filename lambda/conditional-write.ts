import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';

/** The answer to a conditional write, or undefined if the condition did not hold. */
export async function ifHolds<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}
