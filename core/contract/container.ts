// What the containers of a machine agree on. The Dockerfiles and the Python settings repeat these numbers; a test compares them.

/** User that containers run as, and that owns the folders of a machine's disk. */
export const CONTAINER_UID = 10001;

/** TCP ports on which the programs of a machine listen. */
export const PORT = {
  worker: 8080,
  /** The worker's public server, behind a public load balancer. */
  streaming: 8081,
  whisper: 8001,
  voxtral: 8000,
} as const;
