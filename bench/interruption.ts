/** Aborts when the program is interrupted. A second Ctrl-C ends the program at once. */
export function interruption(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Handles one signal only.
    process.once(signal, () => {
      console.error('ending');
      stop.abort(new Error(`Ended by ${signal}`));
    });
  }
  return stop.signal;
}
