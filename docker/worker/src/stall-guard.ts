import { Transform } from 'node:stream';

/** Passes a stream on, and ends it when it has gone silent: a dead connection says nothing of its death. */
export function stallGuard(stallMs: number): Transform {
  const guard = new Transform({
    transform(chunk, _encoding, done) {
      timer.refresh();
      done(null, chunk);
    },
    destroy(error, done) {
      clearTimeout(timer);
      done(error);
    },
  });
  const timer = setTimeout(() => guard.destroy(new Error(`nothing came for ${stallMs} ms`)), stallMs);
  return guard;
}
