import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { OUTPUT } from '../../core/contract/environment';
import { clientConfiguration } from '../../local/emulator';
import { isAlive } from '../../local/processes';
import { readLocalState } from '../../local/state';
import { findStack } from './deployed-stack';
import { UsageError } from '../errors';
import { KeyStore } from './key-store';

/** Access to an AWS. Missing values come from the environment and the AWS profile. */
export interface AwsAccess {
  endpoint?: string;
  region?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/**
 * Access to the local AWS.
 *
 * @throws UsageError if it is not running
 */
export function localAccess(): AwsAccess {
  const state = readLocalState();
  if (state?.endpoint === undefined || !isAlive(state.owner)) {
    throw new UsageError('The local AWS is not running. Start it with "spotscribe local up"');
  }
  return clientConfiguration(state.endpoint);
}

/** Opens the keys of a deployed stack: the named one, or the only one. */
export async function openKeyStore(access: AwsAccess, stack?: string): Promise<KeyStore> {
  const { outputs } = await findStack(new CloudFormationClient(access), stack);
  return keyStore(access, outputs);
}

/** Opens the key table named in the outputs of a stack. */
export function keyStore(access: AwsAccess, outputs: Record<string, string>): KeyStore {
  // The output is present: the stack of a path is recognised by it.
  const table = outputs[OUTPUT.keysTable] as string;
  return new KeyStore(DynamoDBDocumentClient.from(new DynamoDBClient(access)), table);
}
