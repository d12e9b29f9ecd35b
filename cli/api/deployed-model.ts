import { ApiError, type CliError } from '../errors';
import type { ApiClient } from './client';

/**
 * The name of a deployment's model, for requests in OpenAI's format.
 *
 * @param none thrown if the deployment has no such models
 */
export async function deployedModel(client: ApiClient, none: CliError): Promise<string> {
  const { data } = await client.models().catch((error: unknown) => {
    throw error instanceof ApiError && error.code === 'not_found' ? none : error;
  });
  const names = (Array.isArray(data) ? data : []).map(({ id }) => id);
  const model = names.find((name): name is string => typeof name === 'string' && name !== '');
  if (model === undefined) throw none;
  return model;
}
