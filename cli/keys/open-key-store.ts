import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { OUTPUT } from '../../core/contract/environment';
import { readLocalState } from '../../local';
import { clientConfiguration } from '../../local/emulator';
import { isAlive } from '../../local/processes';
import { findStack } from './deployed-stack';
import { UsageError } from '../errors';
import { KeyStore } from './key-store';

/** Which AWS: what is not given comes from the environment and its profile. */
export interface AwsAccess {
  endpoint?: string;
  region?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/**
 * The AWS that runs on this machine.
 *
 * @throws UsageError if none does
 */
export function localAccess(): AwsAccess {
  const state = readLocalState();
  if (state?.endpoint === undefined || !isAlive(state.owner)) {
    throw new UsageError('No AWS runs on this machine: start one with "spotscribe local up"');
  }
  return clientConfiguration(state.endpoint);
}

/** The keys of a deployed stack: of the one named, or of the only one there is. */
export async function openKeyStore(access: AwsAccess, stack?: string): Promise<KeyStore> {
  const { outputs } = await findStack(new CloudFormationClient(access), stack);
  return keyStore(access, outputs);
}

/** The keys in the table that a stack's outputs name. */
export function keyStore(access: AwsAccess, outputs: Record<string, string>): KeyStore {
  // Present: it is what a path's stack is known by.
  const table = outputs[OUTPUT.keysTable] as string;
  return new KeyStore(DynamoDBDocumentClient.from(new DynamoDBClient(access)), table);
}
