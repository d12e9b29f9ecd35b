import type { Patience } from './retry';

/** Time spent waiting for a deployment, whose fleet may have to start a machine. */
const PATIENCE_MS = 15 * 60_000;
/** The first wait that the user is told about: shorter ones are overload. */
const TOLD_MS = 2000;

/** Waits until a machine has started, and says so once. */
export function machinePatience(say: (text: string) => void, signal: AbortSignal): Patience {
  let isTold = false;
  const onWait = (delayMs: number) => {
    if (delayMs < TOLD_MS || isTold) return;
    isTold = true;
    say('The deployment is not ready: waiting until a machine has started');
  };
  return { retryForMs: PATIENCE_MS, signal, onWait };
}
