import type { ConnectionOptions } from '../api/connection';
import { findConnection } from '../api/connection';
import type { Context } from '../context';
import { UsageError } from '../errors';
import { ApiEmbedder } from './embedding/api-embedder';
import type { Embedder } from './embedding/embedder';
import { LocalEmbedder } from './embedding/local-embedder';

/** Time spent waiting for a deployment, whose fleet may have to start a machine. */
const PATIENCE_MS = 15 * 60_000;
/** The first wait that the user is told about: shorter ones are overload. */
const TOLD_MS = 2000;

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
  let isTold = false;
  const onWait = (delayMs: number) => {
    if (delayMs < TOLD_MS || isTold) return;
    isTold = true;
    say('The deployment is not ready: waiting until a machine has started');
  };
  return ApiEmbedder.connect(connection, { retryForMs: PATIENCE_MS, signal, onWait });
}
