import { Transform } from 'node:stream';

/** Nothing came for too long. */
export class Stalled extends Error {
  override readonly name = 'Stalled';
}

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
  const timer = setTimeout(() => guard.destroy(new Stalled(`nothing came for ${stallMs} ms`)), stallMs);
  return guard;
}
