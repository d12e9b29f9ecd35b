import * as z from 'zod/mini';

const words = z.prefault(z.nullable(z.array(z.string())), null);

/**
 * How a container of an image starts, as `docker image inspect` names it under `Config`. A file system that was
 * exported from a container lacks it.
 */
export const ImageConfig = z.object({
  Entrypoint: words,
  Cmd: words,
  /** `NAME=value` of each variable. */
  Env: words,
});
export type ImageConfig = z.infer<typeof ImageConfig>;
