import type { ConnectionOptions } from '../api/connection';
import { findConnection } from '../api/connection';
import { machinePatience } from '../api/machine-patience';
import type { Context } from '../context';
import { UsageError } from '../errors';
import { ApiEmbedder } from './embedding/api-embedder';
import type { Embedder } from './embedding/embedder';
import { LocalEmbedder } from './embedding/local-embedder';

/**
 * The embedder that the options choose: one on this machine, or a deployment.
 *
 * @throws UsageError if there is no connection; the message names both ways
 */
export async function findEmbedder(
  options: ConnectionOptions & { local?: boolean },
  { terminal, interruption: signal, localConnection }: Context,
): Promise<Embedder> {
  const say = (text: string) => terminal.say(text);
  if (options.local === true) return LocalEmbedder.start({ signal, say });
  const connection = await findConnection(options, terminal.around.env, localConnection).catch(
    (error: unknown) => {
      throw error instanceof UsageError
        ? new UsageError(`${error.message}. Or embed on this machine with --local`, { cause: error })
        : error;
    },
  );
  return ApiEmbedder.connect(connection, machinePatience(say, signal));
}
