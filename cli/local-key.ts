import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { OUTPUT } from '../lambda/contract';
import { type LocalAws, readLocalState } from '../local';
import { isAlive } from '../local/processes';
import type { Connection } from './client';
import { KeyStore } from './key-store';

/** Makes a key for the user of this machine. */
export async function createLocalKey({ endpoint, env, outputs }: LocalAws): Promise<string> {
  const client = new DynamoDBClient({
    endpoint,
    region: env.AWS_REGION,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
    },
  });
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const store = new KeyStore(documents, outputs[OUTPUT.keysTable] ?? '');
  const { key } = await store.create('default', 'this machine');
  return key;
}

/** The API of the AWS that runs on this machine, if one does. */
export async function localConnection(): Promise<Connection | undefined> {
  const state = readLocalState();
  const url = state?.outputs[OUTPUT.apiUrl];
  if (state?.key === undefined || url === undefined || !isAlive(state.owner)) return undefined;
  return { url, key: state.key };
}
