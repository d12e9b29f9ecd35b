// Names that the constructs set and that handlers, containers and the command line read.

/** Environment variables set by the constructs, read by handlers and containers. */
export const ENV = {
  /** Name of the DynamoDB table of jobs. */
  jobsTable: 'JOBS_TABLE',
  /** Name of the DynamoDB table of API keys. */
  keysTable: 'KEYS_TABLE',
  /** Name of the bucket with uploads and results. */
  mediaBucket: 'MEDIA_BUCKET',
  /** Name of the bucket with the model cache. */
  modelBucket: 'MODEL_BUCKET',
  queueUrl: 'QUEUE_URL',
  /**
   * Name of the queue of bulk jobs, which is beside the other one: a second URL would not fit in a free
   * parameter with the specification of a machine.
   */
  bulkQueue: 'BULK_QUEUE',
  /** Name of the Auto Scaling group. */
  fleetName: 'FLEET_NAME',
  /** Name of the Auto Scaling group of on-demand machines. @default - there is none */
  onDemandFleetName: 'ON_DEMAND_FLEET_NAME',
  /** Minutes without spot capacity after which on-demand machines are launched. Set together with their group. */
  onDemandAfter: 'ON_DEMAND_AFTER',
  /** Most on-demand machines, a whole number. Set together with their group. */
  onDemandMachines: 'ON_DEMAND_MACHINES',
  /** Name of the Lambda function that sizes the fleet. */
  sizeFleetFunction: 'SIZE_FLEET_FUNCTION',
  /** Largest number of machines, a whole number. */
  maxMachines: 'MAX_MACHINES',
  /** How the fleet weighs cost against waiting: a `FleetMode`. */
  fleetMode: 'FLEET_MODE',
  /** Unit of the work of the path's jobs. */
  unit: 'UNIT',
  /** Jobs, queued or in flight, for one machine; a whole number. @default - a plan of their work */
  jobsPerMachine: 'JOBS_PER_MACHINE',
  /** Concurrent synchronous requests, on average, that one machine can handle. */
  requestsPerMachine: 'REQUESTS_PER_MACHINE',
  /**
   * Name of the load balancer in CloudWatch, such as `app/name/0123456789abcdef`. @default - no
   * load balancer
   */
  loadBalancer: 'LOAD_BALANCER',
  /** Name of the public load balancer in CloudWatch. @default - no public load balancer */
  publicLoadBalancer: 'PUBLIC_LOAD_BALANCER',
  /** Largest upload in bytes. */
  maxUploadBytes: 'MAX_UPLOAD_BYTES',
  /** Longest audio in seconds. */
  maxAudioSeconds: 'MAX_AUDIO_SECONDS',
  /** Time limit of an upload, in seconds. */
  uploadExpirySeconds: 'UPLOAD_EXPIRY_SECONDS',
  /** How long a job's row, audio and results are kept, in days. */
  retentionDays: 'RETENTION_DAYS',
  /** Visibility timeout of the queue and length of a worker's lease, in seconds. */
  visibilitySeconds: 'VISIBILITY_SECONDS',
  /** How that time is found: the kind of an `IdleRule`. @default 'queue' */
  idleRule: 'IDLE_RULE',
  /** Idle time after which a worker terminates its machine, in seconds. @default - by the rule */
  idleSeconds: 'IDLE_SECONDS',
  /** Machines to keep running without work, a whole number. */
  warmMachines: 'WARM_MACHINES',
  /** Hours in which they run, such as `MON-FRI 08:00-18:00`. @default - always */
  warmHours: 'WARM_HOURS',
  /** IANA time zone of these hours. Set together with them. */
  warmTimeZone: 'WARM_TIME_ZONE',
  /** Tenants whose keys may keep machines warm, separated by commas. @default - none */
  warmTenants: 'WARM_TENANTS',
  /** Machine type that is launched first, such as `g4dn.xlarge`. Its price is shown. */
  machineType: 'MACHINE_TYPE',
  /** The deployment path's id, such as `DockerGpu`. */
  path: 'SPOTSCRIBE_PATH',
  /** Port that a container's server listens on. */
  port: 'PORT',
  /** Port of the worker's server behind the public load balancer. @default - no such server */
  streamingPort: 'STREAMING_PORT',
  /** Model services of the machine: a list of `ServiceEndpoint` as JSON. */
  services: 'SERVICES',
  /** Tasks that the path's machines do, for the handlers: `DeployedTasks` as JSON. */
  tasks: 'TASKS',
  /**
   * Time without output after which the worker treats a model service as hung, in seconds. A
   * working service sends output every two seconds.
   */
  modelSilenceSeconds: 'MODEL_SILENCE_SECONDS',
  /**
   * Base URL of the load balancer in front of the machines' model services, such as
   * `http://internal-…:80`.
   */
  machinesUrl: 'MACHINES_URL',
  /**
   * Longest time of a synchronous answer, in seconds. It is below the timeout of the API gateway.
   */
  waitSeconds: 'WAIT_SECONDS',
  /** Directory on the machine's scratch disk shared by worker and model services. */
  sharedAudio: 'SHARED_AUDIO',
  /** Directory with the models on the machine's scratch disk. */
  modelDir: 'MODEL_DIR',
  /** Models to download to the machine's disk: a list of `WantedModel` as JSON. */
  models: 'MODELS',
  /**
   * Name of the file in {@link ENV.modelDir} that exists when all models are there: a `ModelsMark` as
   * JSON. @default - the service waits for no models
   */
  modelsMark: 'MODELS_MARK',
  /** File written by the machine at boot: a `Machine` as JSON. */
  machineFile: 'MACHINE_FILE',
  /** Name of the Systems Manager parameter with the `MachineSpec`. */
  machineParameter: 'MACHINE_PARAMETER',
  /** Name of the group in CloudWatch Logs for what the processes of a machine log. */
  logGroup: 'LOG_GROUP',
  /** Id of the EC2 instance. */
  instanceId: 'INSTANCE_ID',
  /** Identifiers in the journal of what is sent to CloudWatch, separated by commas. */
  journalIdentifiers: 'JOURNAL_IDENTIFIERS',
  /** Folder with the file systems of images on a machine without containers. */
  treeDir: 'TREE_DIR',
  /** Folder for the files with which a machine without containers is set up. */
  machineDir: 'MACHINE_DIR',
  /** Files of NVIDIA's driver on the machine, separated by colons. */
  driverFiles: 'DRIVER_FILES',
  /** Speech engine of the whisper service: `whisperx`, or `faster-whisper` (English only, no GPU, for laptops). */
  whisperEngine: 'WHISPER_ENGINE',
  /** Name of the model's directory under {@link ENV.modelDir}. */
  whisperModel: 'WHISPER_MODEL',
  /** ctranslate2 compute type, such as `int8_float16`; `auto` chooses by device. */
  whisperComputeType: 'WHISPER_COMPUTE_TYPE',
  /** Engine of the Voxtral service: `voxtral`, or `extractive` (no GPU, for laptops and tests). */
  voxtralEngine: 'VOXTRAL_ENGINE',
  /** Name of Voxtral's directory under {@link ENV.modelDir}. */
  voxtralModel: 'VOXTRAL_MODEL',
  /** `none` (half precision), `nf4` (four bits), or `auto`, which chooses by the free memory. */
  voxtralQuantization: 'VOXTRAL_QUANTIZATION',
  /** Engine of the embeddings service: `sentence-transformers`, or `minilm` (no GPU, for laptops). */
  embeddingEngine: 'EMBEDDING_ENGINE',
  /** Name of the embedding model's directory under {@link ENV.modelDir}. */
  embeddingModel: 'EMBEDDING_MODEL',
  /** Precision of its weights: `float32`, `float16`, or `auto`, which chooses by model and device. */
  embeddingPrecision: 'EMBEDDING_PRECISION',
  /** Engine of the speech service: `kokoro`, `coqui`, or `espeak-ng` (no GPU, for laptops). */
  speechEngine: 'SPEECH_ENGINE',
  /** Name of the voice model's directory under {@link ENV.modelDir}. */
  speechModel: 'SPEECH_MODEL',
  /**
   * Name of the directory under {@link ENV.modelDir} with recordings of people who consented to
   * their voice being copied. Only for `coqui`. @default - only the voices of the model
   */
  speechVoices: 'SPEECH_VOICES',
  /** `accepted` if the deployment's owner accepted the licence of the voice model. */
  speechLicense: 'SPEECH_LICENSE',
  /** Most memory of the GPU that a model service may take, in MiB. */
  gpuMemoryMib: 'GPU_MEMORY_MIB',
  /**
   * File on the scratch disk that model services on one GPU share. The whisper service locks it
   * while it computes, and the Voxtral service pauses in the meantime.
   */
  gpuPriorityFile: 'GPU_PRIORITY_FILE',
  /** Routes of the API, separated by commas, for the handler of requests without a route. */
  routes: 'ROUTES',
  /** Minutes of audio per day for keys without their own limit. @default - no limit */
  minutesPerDayPerKey: 'MINUTES_PER_DAY_PER_KEY',
} as const;

/** Metrics of the handlers that alarms watch. */
export const METRIC = {
  /** Failed invocations, including requests that were answered with 500. */
  failures: 'Failures',
  /** 1 while the fleet lacks machines because AWS launches none, otherwise 0. */
  launchesFailing: 'LaunchesFailing',
  /** Machines that ended before they were ready, since the last one that became ready. */
  failedBoots: 'FailedBoots',
} as const;

/** Names of stack outputs that the command line reads. */
export const OUTPUT = {
  apiUrl: 'ApiUrl',
  keysTable: 'KeysTableName',
  jobsTable: 'JobsTableName',
  mediaBucket: 'MediaBucketName',
  queueUrl: 'QueueUrl',
  bulkQueueUrl: 'BulkQueueUrl',
  deadLetterQueueUrl: 'DeadLetterQueueUrl',
  fleetName: 'FleetName',
  clusterName: 'ClusterName',
  modelBucket: 'ModelBucketName',
  /** Optional models that could not be downloaded, separated by commas, or `none`. */
  modelsLeftOut: 'ModelsLeftOut',
  taskDefinition: 'TaskDefinitionArn',
  /** Group in CloudWatch Logs of machines without containers. */
  logGroup: 'LogGroupName',
  /** Name of the Systems Manager parameter with the `MachineSpec`. */
  machine: 'MachineParameterName',
  /**
   * DNS name of the public load balancer, the target of the user's own DNS name. Absent without a
   * public load balancer.
   */
  streamingEndpoint: 'StreamingEndpoint',
} as const;

/** EventBridge source and detail types of completion events; the detail is a `JobEvent`. */
export const EVENT = {
  source: 'spotscribe',
  detailType: {
    succeeded: 'Spotscribe Job Succeeded',
    failed: 'Spotscribe Job Failed',
    cancelled: 'Spotscribe Job Cancelled',
    expired: 'Spotscribe Job Expired',
  },
} as const;
