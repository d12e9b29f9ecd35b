// Values shared by the containers of a machine. The Dockerfiles and the Python settings repeat
// them, and a test compares them.

/** User id of the containers. It owns the folders on a machine's disk. */
export const CONTAINER_UID = 10001;

/** TCP ports of the worker. Those of the services are in `lib/services`. */
export const PORT = {
  worker: 8080,
  /** The worker's server behind the public load balancer. */
  streaming: 8081,
} as const;
