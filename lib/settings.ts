import type { Node } from 'constructs';
import { z } from 'zod';
import { MOST_MACHINES } from '../core/contract/limits';
import { WARM_HOURS } from '../core/fleet/warm-hours';
import { acceptedFindingsSetting, imagesSetting } from './images/image-settings';
import { zonesSetting } from './network/zone-settings';

/** The context key of cdk.json, and the prefix of single values on the command line (`-c spotscribe:maxMachines=4`). */
const CONTEXT_KEY = 'spotscribe';

/** Environment variable with settings as a JSON object: over cdk.json, under the command line. */
const VARIABLE = 'SPOTSCRIBE_SETTINGS';

/** The only Voxtral model whose needs for memory are known. */
export const DEFAULT_VOXTRAL_MODEL = 'Voxtral-Mini-3B-2507';

/** Values given by `-c` arrive as text. */
const number = () => z.coerce.number();
const MODEL = /^[A-Za-z0-9][A-Za-z0-9._-]*(@[A-Za-z0-9][A-Za-z0-9._-]*)?$/;
const modelName = () =>
  z.string().regex(MODEL, 'must be a name of the catalogue, or <name>@<revision> for a model of your own');
const list = (of: z.ZodType<string> = z.string().min(1)) =>
  z.preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(of).min(1));

/** A certificate of ACM, in any partition. */
const CERTIFICATE = /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[A-Za-z0-9-]+$/;

/** A scheme, a host, maybe a port; no path. */
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
  /** Deployment paths to make stacks for, by id. */
  paths: list().default(['DockerGpu']),
  /** Speech engine: `whisperx`, or `pocketsphinx` (English only, no GPU: for laptops and tests). */
  engine: z.enum(['whisperx', 'pocketsphinx']).default('whisperx'),
  /** Whisper model: a name of the catalogue (`docker/models.json`), or `<name>@<revision>` as you pushed it. */
  model: modelName().default('large-v3-turbo'),
  /** ctranslate2 compute type. */
  computeType: z.enum(['auto', 'int8_float16', 'float16', 'int8', 'int8_float32', 'float32']).default('auto'),
  /** Engine of the Voxtral service: `voxtral`, or `extractive` (picks out of the words, no GPU: for laptops and tests). */
  voxtralEngine: z.enum(['voxtral', 'extractive']).default('voxtral'),
  /** Voxtral model, named like `model`. */
  voxtralModel: modelName().default(DEFAULT_VOXTRAL_MODEL),
  /**
   * What machines with Whisper bring beside it, named like `model`: models for the words' times (`align-<language>`) and
   * for speakers (`diarization`). The services do without those that are not there, and say so in their results.
   */
  sideModels: list().pipe(z.array(modelName())).default(['align-en', 'diarization']),
  /** How the model cache is filled: `codebuild` (when deployed), or `manual` (by `spotscribe models push`). */
  fillModels: z.enum(['codebuild', 'manual']).default('codebuild'),
  /** Name or ARN of the secret with a token of the model hub, for models whose makers want to know who uses them. */
  huggingFaceTokenSecret: z.string().min(1).optional(),
  /** How Voxtral's weights are held: in half precision (`none`), in 4 bits (`nf4`), or as there is room for. */
  voxtralQuantization: z.enum(['auto', 'none', 'nf4']).default('auto'),
  /** The whisper service's share of a GPU's memory in MiB. By default what the model needs. */
  whisperGpuMemoryMib: number().int().min(1).optional(),
  /** The Voxtral service's share of a GPU's memory in MiB. By default what the whisper service leaves of the smallest. */
  voxtralGpuMemoryMib: number().int().min(1).optional(),
  /** Seconds of silence after which the worker takes a model service for hung. */
  modelSilenceSeconds: number().int().min(2).max(3600).default(60),
  /** Where images come from: `codebuild`, `local` (this machine's Docker), or an object with one of these or an address each. */
  images: imagesSetting().default('codebuild'),
  /** Any text. Another one has CodeBuild make the images anew, on the base images and packages of that day. */
  imageEdition: z.string().max(64).default(''),
  /** Least severity of findings in an image's scan that refuse it; `off` lets it run without asking. */
  scanGate: z.enum(['CRITICAL', 'HIGH', 'off']).default('CRITICAL'),
  /** Findings that do not refuse an image, each with its reason. */
  acceptedFindings: acceptedFindingsSetting().default([]),
  /** Most machines that run at once. */
  maxMachines: number().int().min(1).max(MOST_MACHINES).default(4),
  /** Jobs queued or in flight for which one machine is enough. */
  jobsPerMachine: number().int().min(1).max(1000).default(4),
  /**
   * Requests in place, the mean of a minute, for which one machine is enough. Its service works on one at a time and lets 16
   * more wait: with two in flight it is busy two thirds of the time, and who comes waits for two others (M/M/1).
   */
  requestsPerMachine: number().min(0.1).max(16).default(2),
  /** Machines that run though nothing is queued, on paths that answer in place. */
  warmMachines: number().int().min(0).max(MOST_MACHINES).default(1),
  /** When they run, such as `MON-FRI 08:00-18:00`. By default all the time. */
  warmHours: z.string().regex(WARM_HOURS, 'must be like MON-FRI 08:00-18:00').optional(),
  /** Time zone of these hours, by its IANA name. */
  warmTimeZone: z.string().refine(isTimeZone, 'must be a time zone such as Europe/Berlin').default('Etc/UTC'),
  /** Minutes without work after which a machine ends itself. */
  idleMinutes: number().min(0.05).max(720).default(5),
  /** Machine types in order of preference; all need an NVIDIA GPU and an NVMe disk. */
  instanceTypes: list().default(['g4dn.xlarge', 'g4dn.2xlarge', 'g6.xlarge', 'g5.xlarge']),
  /** Availability zones to look for machines in: how many, as far as the region has them, or their names. */
  availabilityZones: zonesSetting().default(3),
  /** Seconds that a worker's claim holds without a heartbeat: how soon a lost job is taken up again. */
  visibilitySeconds: number().int().min(6).max(3600).default(60),
  /** Minutes that an upload may take to come. */
  uploadExpiryMinutes: number().min(0.05).max(720).default(60),
  /** Days for which rows, audio and results are kept. */
  retentionDays: number().int().min(1).max(3650).default(30),
  /** Longest audio in hours. */
  maxAudioHours: number().positive().max(24).default(10),
  /** Largest upload in GiB. A single PUT to S3 takes 5 GiB at most. */
  maxUploadGiB: number().positive().max(5).default(5),
  /** Minutes of audio that a key may use each UTC day, unless it has a number of its own. By default no limit. */
  minutesPerDayPerKey: number().min(0).max(1_000_000).optional(),
  /** Certificate in ACM of a name of yours: makes path 300 a public load balancer, through which events come as they happen. */
  certificateArn: z
    .string()
    .regex(
      CERTIFICATE,
      'must be the ARN of a certificate in ACM, such as arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d',
    )
    .optional(),
  /** IPv4 ranges from which that load balancer lets callers in. By default from anywhere: keys say who may. */
  allowedCidrs: list(z.cidrv4('must be IPv4 ranges such as 203.0.113.0/24')).optional(),
  /** Origins of pages that may call the API from a browser, or `*` for any. By default none. */
  allowedOrigins: list(
    z.string().regex(ORIGIN, 'must be origins such as https://example.com or app://obsidian.md, or *'),
  ).optional(),
  /** Who is told when something goes wrong. */
  alarmEmail: z.email().optional(),
  /** What becomes of the user's data (audio, results, rows, keys, models) when a stack is destroyed. */
  onDestroy: z.enum(['keep', 'delete']).default('keep'),
});

/** Settings of earlier versions: what happens without them. */
const REMOVED = new Map([
  ['gpuSharing', 'two models always share a GPU by Docker’s runtime, as "runtime" did'],
  ['bakedMachineImage', 'machines always pull images and fetch models when they start, as with false'],
]);

/** Validated settings of the app. */
export type Settings = z.infer<typeof schema>;

/**
 * Limits of the settings in the units of the contract's environment variables, as text. Whole numbers, whatever fractions
 * the settings are.
 */
export const limits = (settings: Settings) => ({
  maxUploadBytes: String(Math.floor(settings.maxUploadGiB * 2 ** 30)),
  maxAudioSeconds: String(Math.round(settings.maxAudioHours * 3600)),
  uploadExpirySeconds: String(Math.round(settings.uploadExpiryMinutes * 60)),
  idleSeconds: String(Math.round(settings.idleMinutes * 60)),
});

/** A setting is wrong. The message names property, limit, value and cure; no stack trace is owed for it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads the settings: single values of the command line first, then those of the environment variable
 * `SPOTSCRIBE_SETTINGS`, then those of the `spotscribe` context in cdk.json.
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
      `${VARIABLE} must be a JSON object such as {"maxMachines": 2}; got ${text}. Correct or unset it.`,
    );
  }
}

/** The settings with their defaults, for tests and for stacks made by hand. */
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
    lines.push(`Setting "${unknown.join('", "')}" is not known. Known settings: ${known}.`);
  return lines.join('\n');
}

function limit(issue: z.core.$ZodIssue): string {
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- zod has more kinds than settings can meet
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
      // Ours begin like this and are kept; zod's own are sentences.
      return issue.message.startsWith('must') ? issue.message : issue.message.toLowerCase();
  }
}
