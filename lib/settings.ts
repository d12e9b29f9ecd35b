import type { Node } from 'constructs';
import { z } from 'zod';
import { TENANT_PATTERN } from '../core/contract/keys';
import { MOST_MACHINES } from '../core/contract/limits';
import { WARM_HOURS } from '../core/fleet/warm-hours';
import { certificateSetting } from './http/certificate-setting';
import { acceptedFindingsSetting, imagesSetting } from './images/image-settings';
import { modelSetting, voicesSetting } from './models/model-settings';
import { zonesSetting } from './network/zone-settings';

/** Context key in cdk.json, and prefix of values on the command line (`-c spotscribe:…`). */
const CONTEXT_KEY = 'spotscribe';

/** Environment variable with settings as a JSON object. Overrides cdk.json; `-c` overrides it. */
const VARIABLE = 'SPOTSCRIBE_SETTINGS';

/** The only Voxtral model whose memory requirements are known. */
export const DEFAULT_VOXTRAL_MODEL = 'Voxtral-Mini-3B-2507';

/** Values given by `-c` arrive as text. */
const number = () => z.coerce.number();
const list = (of: z.ZodType<string> = z.string().min(1)) =>
  z.preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(of).min(1));

/** A scheme, a host and optionally a port; no path. */
const ORIGIN = /^(\*|[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(:\d{1,5})?)$/;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const schema = z.strictObject({
  /** Ids of the deployment paths to create stacks for. */
  paths: list().default(['DockerGpu']),
  /** Speech engine: `whisperx`, or `faster-whisper` (Whisper tiny.en, no GPU: for laptops and tests). */
  engine: z.enum(['whisperx', 'faster-whisper']).default('whisperx'),
  /** Whisper model: a name from `docker/models.json`, or `<name>@<revision>` of a pushed model. */
  model: modelSetting().default('large-v3-turbo'),
  /** ctranslate2 compute type. */
  computeType: z.enum(['auto', 'int8_float16', 'float16', 'int8', 'int8_float32', 'float32']).default('auto'),
  /**
   * Engine of the Voxtral service: `voxtral`, or `extractive` (selects sentences of the transcript,
   * no GPU: for laptops and tests).
   */
  voxtralEngine: z.enum(['voxtral', 'extractive']).default('voxtral'),
  /** Voxtral model, named like `model`. */
  voxtralModel: modelSetting().default(DEFAULT_VOXTRAL_MODEL),
  /**
   * Engine of the embeddings service: `sentence-transformers`, or `minilm` (all-MiniLM-L6-v2 without
   * torch and GPU: for laptops and tests).
   */
  embeddingEngine: z.enum(['sentence-transformers', 'minilm']).default('sentence-transformers'),
  /** Embedding model, named like `model`. */
  embeddingModel: modelSetting().default('instructor-xl'),
  /** Precision of the embedding model's weights; `auto` chooses by model and device. */
  embeddingPrecision: z.enum(['auto', 'float32', 'float16']).default('auto'),
  /**
   * Voice engine: `kokoro`, `coqui` (XTTS v2, whose licence must be accepted), or `espeak-ng` (no
   * weights and no GPU: for laptops and tests).
   */
  speechEngine: z.enum(['kokoro', 'coqui', 'espeak-ng']).default('kokoro'),
  /** Voice model, named like `model`. By default `kokoro-82m`, or `xtts-v2` for `coqui`. */
  speechModel: modelSetting().optional(),
  /**
   * Recordings of people who consented to their voice being copied, as a pushed model
   * `<name>@<revision>`. Only for `coqui`. By default only the voices of the model.
   */
  speechVoices: voicesSetting().optional(),
  /** Name of the licence of a voice model, to accept it. Required for `coqui`. */
  acceptSpeechLicense: z.string().min(1).optional(),
  /**
   * Further models on machines that run Whisper, named like `model`: for word times
   * (`align-<language>`) and for speakers (`diarization-open`, or `diarization`, which requires a
   * token). The services work without a missing model and report it in their results. By default
   * `align-en` and `diarization-open`, or `diarization` if there is a `huggingFaceTokenSecret`.
   */
  sideModels: list().pipe(z.array(modelSetting())).optional(),
  /**
   * Fills the model cache: `codebuild` (during deployment), `manual` (`spotscribe models push`).
   */
  fillModels: z.enum(['codebuild', 'manual']).default('codebuild'),
  /** Name or ARN of the secret with a token of the model hub, for models that require one. */
  huggingFaceTokenSecret: z.string().min(1).optional(),
  /** Precision of Voxtral's weights: half (`none`), 4 bits (`nf4`), or by free memory (`auto`). */
  voxtralQuantization: z.enum(['auto', 'none', 'nf4']).default('auto'),
  /** GPU memory of the whisper service in MiB. By default what its model needs. */
  whisperGpuMemoryMib: number().int().min(1).optional(),
  /** GPU memory of Voxtral in MiB. By default what whisper leaves on the smallest GPU. */
  voxtralGpuMemoryMib: number().int().min(1).optional(),
  /** Seconds of silence after which the worker considers a model service hung. */
  modelSilenceSeconds: number().int().min(2).max(3600).default(60),
  /** Source of images: `codebuild`, `local` (this machine's Docker), or an object with sources. */
  images: imagesSetting().default('codebuild'),
  /** Any text. Changing it rebuilds the images on current base images and packages. */
  imageEdition: z.string().max(64).default(''),
  /** Lowest severity of scan findings that rejects an image; `off` does not wait for the scan. */
  scanGate: z.enum(['CRITICAL', 'HIGH', 'off']).default('CRITICAL'),
  /** Findings that do not reject an image, each with its reason. */
  acceptedFindings: acceptedFindingsSetting().default([]),
  /** Maximum number of machines that run at the same time. */
  maxMachines: number().int().min(1).max(MOST_MACHINES).default(4),
  /** `economy`: jobs wait longer, and cost less. `warm`: idle machines stay as long as most gaps between jobs. */
  fleetMode: z.enum(['standard', 'economy', 'warm']).default('standard'),
  /** Number of jobs, queued or in flight, for one machine. By default the work in the jobs counts. */
  jobsPerMachine: number().int().min(1).max(1000).optional(),
  /**
   * Mean number of requests in flight over a minute that one machine handles, on paths that answer
   * in place. The service works on one at a time and queues 16 more. With two in flight it is busy
   * two thirds of the time, and a new request waits for two others (M/M/1).
   */
  requestsPerMachine: number().min(0.1).max(16).default(2),
  /** Minutes without spot capacity after which on-demand machines are launched. By default never. */
  onDemandAfter: number().min(1).max(1440).optional(),
  /** Most on-demand machines. */
  onDemandMachines: number().int().min(1).max(MOST_MACHINES).default(1),
  /** Machines that run while nothing is queued. By default 1 on paths that answer in place, else 0. */
  warmMachines: number().int().min(0).max(MOST_MACHINES).optional(),
  /** Hours of the warm machines, such as `MON-FRI 08:00-18:00`. By default all the time. */
  warmHours: z.string().regex(WARM_HOURS, 'must be like MON-FRI 08:00-18:00').optional(),
  /** IANA time zone of these hours. */
  warmTimeZone: z.string().refine(isTimeZone, 'must be a time zone such as Europe/Berlin').default('Etc/UTC'),
  /** Tenants whose keys may keep machines warm by `POST /v1/fleet/warm`. By default none. */
  warmByApi: list(z.string().regex(new RegExp(TENANT_PATTERN), 'must be names of tenants')).default([]),
  /** Minutes without work after which a machine ends itself. By default a 24th of a boot, or a boot on in-place paths. */
  idleMinutes: number().min(0.05).max(720).optional(),
  /** Machine types in order of preference; all need an NVIDIA GPU and an NVMe disk. */
  instanceTypes: list().default(['g4dn.xlarge', 'g4dn.2xlarge', 'g6.xlarge', 'g5.xlarge']),
  /** Availability zones for machines: a number (at most those of the region), or names. */
  availabilityZones: zonesSetting().default(3),
  /** Seconds without a heartbeat after which another worker may take a job. */
  visibilitySeconds: number().int().min(6).max(3600).default(60),
  /** Minutes after which an upload expires. */
  uploadExpiryMinutes: number().min(0.05).max(720).default(60),
  /** Days that rows, audio and results are kept. */
  retentionDays: number().int().min(1).max(3650).default(30),
  /** Maximum length of audio in hours. */
  maxAudioHours: number().positive().max(24).default(10),
  /** Maximum size of an upload in GiB. S3 limits a single PUT to 5 GiB. */
  maxUploadGiB: number().positive().max(5).default(5),
  /** Minutes of audio per UTC day for keys without their own quota. By default no limit. */
  minutesPerDayPerKey: number().min(0).max(1_000_000).optional(),
  /** ARN of an ACM certificate. Adds a public load balancer for streams to paths 300 and 600. */
  certificateArn: certificateSetting().optional(),
  /** IPv4 ranges that may call that load balancer. By default any: callers need a key. */
  allowedCidrs: list(z.cidrv4('must be IPv4 ranges such as 203.0.113.0/24')).optional(),
  /** Origins of web pages that may call the API, or `*` for any. By default none. */
  allowedOrigins: list(
    z.string().regex(ORIGIN, 'must be origins such as https://example.com or app://obsidian.md, or *'),
  ).optional(),
  /** Email address that receives the alarms. */
  alarmEmail: z.email().optional(),
  /** Whether user data (audio, results, rows, keys, models) survives the deletion of a stack. */
  onDestroy: z.enum(['keep', 'delete']).default('keep'),
});

/** Settings of earlier versions, and what applies without them. */
const REMOVED = new Map([
  ['gpuSharing', 'two models always share a GPU through Docker’s runtime, as with "runtime"'],
  ['bakedMachineImage', 'machines always pull images and fetch models when they start, as with false'],
]);

/** Validated settings of the app. */
export type Settings = z.infer<typeof schema>;

/** A setting is invalid. The message names setting, limit, value and cure; print no stack trace. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads the settings. Values on the command line override the environment variable
 * `SPOTSCRIBE_SETTINGS`, which overrides the `spotscribe` context in cdk.json.
 *
 * @throws SettingsError if a setting is unknown or out of range
 */
export function readSettings(node: Node, env: NodeJS.ProcessEnv = process.env): Settings {
  const fromFile: unknown = node.tryGetContext(CONTEXT_KEY) ?? {};
  const given: Record<string, unknown> = {
    ...z.record(z.string(), z.unknown()).parse(fromFile),
    ...fromEnvironment(env[VARIABLE]),
  };
  for (const [key, value] of Object.entries(node.getAllContext() as Record<string, unknown>)) {
    if (key.startsWith(`${CONTEXT_KEY}:`)) given[key.slice(CONTEXT_KEY.length + 1)] = value;
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new SettingsError(parsed.error.issues.map((issue) => describe(issue, given)).join('\n'));
}

function fromEnvironment(text = '{}'): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw new SettingsError(
      `${VARIABLE} must be a JSON object such as {"maxMachines": 2}; got ${text}. Correct it or unset it.`,
    );
  }
}

/** Default settings with overrides, for tests and for your own stacks. */
export const defaultSettings = (overrides: Partial<Settings> = {}): Settings => ({
  ...schema.parse({}),
  ...overrides,
});

function describe(issue: z.core.$ZodIssue, given: Record<string, unknown>): string {
  if (issue.code === 'unrecognized_keys') return describeUnknown(issue.keys);
  const name = String(issue.path[0] ?? CONTEXT_KEY);
  const cure = `Set it in cdk.json under context.${CONTEXT_KEY}.${name}, or with -c ${CONTEXT_KEY}:${name}=<value>.`;
  return `Setting "${name}" ${limit(issue)}; got ${JSON.stringify(given[name])}. ${cure}`;
}

function describeUnknown(names: string[]): string {
  const removed = names.filter((name) => REMOVED.has(name));
  const unknown = names.filter((name) => !REMOVED.has(name));
  const lines = removed.map(
    (name) =>
      `Setting "${name}" was removed: ${REMOVED.get(name)}. Delete it from cdk.json (context.${CONTEXT_KEY}), ` +
      `${VARIABLE} or the command line.`,
  );
  const known = Object.keys(schema.shape).join(', ');
  if (unknown.length > 0)
    lines.push(`Setting "${unknown.join('", "')}" is unknown. Known settings: ${known}.`);
  return lines.join('\n');
}

function limit(issue: z.core.$ZodIssue): string {
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- settings produce only some of zod's issues
  switch (issue.code) {
    case 'too_small':
      return issue.origin === 'array'
        ? 'must not be empty'
        : `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return `must be ${issue.expected === 'int' ? 'a whole number' : `of type ${issue.expected}`}`;
    default:
      // Messages of this schema begin with "must". Messages of zod are sentences.
      return issue.message.startsWith('must') ? issue.message : issue.message.toLowerCase();
  }
}
