import { Transform } from 'node:stream';

/** The stream was silent for too long. */
export class Stalled extends Error {
  override readonly name = 'Stalled';
}

/**
 * Forwards a stream, and fails if it is silent for too long, because a dead connection gives no
 * error.
 */
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
  const timer = setTimeout(() => guard.destroy(new Stalled(`no data for ${stallMs} ms`)), stallMs);
  return guard;
}
