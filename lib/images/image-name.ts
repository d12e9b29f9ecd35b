/** Images that a path may run, each built from the folder of this name under `docker/`. */
export type ImageName = 'worker' | 'whisper' | 'voxtral';
