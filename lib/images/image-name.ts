/** Images that a path can run, each built from the folder of the same name in `docker/`. */
export type ImageName = 'worker' | 'whisper' | 'voxtral';
