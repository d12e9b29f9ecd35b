import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ENV } from '../../../core/contract/environment';
import type { Machine } from '../../../core/contract/machine';
import { ServiceEndpoint } from '../../../core/contract/tasks';
import { IDLE_RULES } from '../../../core/fleet/idle-rule';
import { parseWantedModels } from '../../../core/models/model-manifest';

const text = z.string().min(1);
const count = z.string().regex(/^\d+$/, 'must be a whole number').transform(Number);
const seconds = count.refine((value) => value > 0, 'must be at least 1');
const port = count.refine((value) => value <= 65535, 'must be at most 65535');
const amount = text.transform(Number).refine((value) => value >= 0, 'must be a number, at least 0');
const services = text.transform((value, context) => {
  try {
    return z
      .array(z.custom<ServiceEndpoint>((each) => ServiceEndpoint.safeParse(each).success))
      .min(1)
      .parse(JSON.parse(value));
  } catch {
    context.addIssue(
      'must be a list such as [{"name":"whisper","url":"http://whisper:8001","tasks":["transcription"]}]',
    );
    return z.NEVER;
  }
});

const shape = {
  path: text,
  jobsTable: text,
  mediaBucket: text,
  queueUrl: z.url({ protocol: /^https?$/, error: 'must be the URL of a queue' }),
  bulkQueue: text,
  fleetName: text,
  maxAudioSeconds: seconds,
  maxUploadBytes: seconds,
  visibilitySeconds: seconds,
  idleSeconds: seconds.optional(),
  idleRule: z.enum(IDLE_RULES, `must be one of ${IDLE_RULES.join(', ')}`).default('queue'),
  port,
  services,
  modelSilenceSeconds: seconds.default(60),
  sharedAudio: text,
  machineFile: text,
  streamingPort: port.optional(),
  keysTable: text.optional(),
  minutesPerDayPerKey: amount.optional(),
};

const modelFetchShape = {
  modelBucket: text,
  modelDir: text,
  models: text.transform((value, context) => {
    try {
      return parseWantedModels(value);
    } catch {
      context.addIssue('must be a list such as [{"name":"turbo","revision":"1","required":true}]');
      return z.NEVER;
    }
  }),
};

const prepareShape = {
  machineParameter: text,
  logGroup: text,
  instanceId: text,
  treeDir: text,
  machineDir: text,
  driverFiles: z.string().optional(),
};

const journalShape = {
  logGroup: text,
  instanceId: text,
  journalIdentifiers: text.transform((value) => value.split(',')),
};

export type WorkerSettings = z.infer<z.ZodObject<typeof shape>> & {
  /**
   * IP address to listen on. The image sets 0.0.0.0; only mapped ports of the container can be
   * reached.
   */
  host: string;
};
export type ModelFetchSettings = z.infer<z.ZodObject<typeof modelFetchShape>>;
export type PrepareSettings = z.infer<z.ZodObject<typeof prepareShape>> & { region: string };
export type JournalSettings = z.infer<z.ZodObject<typeof journalShape>> & {
  /** Folder for what the service remembers. */
  stateDir: string;
};
export type Environment = Record<string, string | undefined>;

/** A setting is not valid. The message has its name, limit, value and remedy. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** @throws SettingsError that lists all invalid variables */
export function readWorkerSettings(env: Environment): WorkerSettings {
  const settings = read(shape, env);
  if (settings.streamingPort !== undefined && settings.keysTable === undefined)
    throw new SettingsError(
      `${ENV.streamingPort} is set, but ${ENV.keysTable} is not. The machine’s specification must set both.`,
    );
  return { ...settings, host: env.HOST ?? '127.0.0.1' };
}

/**
 * Reads which models must be fetched for the services of the path.
 *
 * @throws SettingsError that lists all invalid variables
 */
export const readModelFetchSettings = (env: Environment): ModelFetchSettings => read(modelFetchShape, env);

/**
 * Reads how a machine without containers is set up. The region is that of the clients.
 *
 * @throws SettingsError that lists all invalid variables
 */
export const readPrepareSettings = (env: Environment): PrepareSettings => ({
  ...read(prepareShape, env),
  region: env.AWS_REGION ?? '',
});

/**
 * Reads what of the journal is sent, and where. Systemd sets the folder.
 *
 * @throws SettingsError that lists all invalid variables
 */
export const readJournalSettings = (env: Environment): JournalSettings => ({
  ...read(journalShape, env),
  stateDir: env.STATE_DIRECTORY ?? '.',
});

const machine = z.object({
  instance_id: text,
  instance_type: text,
  capacity: z.enum(['spot', 'on-demand', 'local']),
  availability_zone: text,
}) satisfies z.ZodType<Machine>;

/**
 * Reads the description of the machine, which its boot script wrote.
 *
 * @throws SettingsError if the file is missing or not valid
 */
export function readMachine(file: string): Machine {
  try {
    return machine.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : String(error);
    throw new SettingsError(
      `${ENV.machineFile} names ${file}, which does not describe this machine: ${why}. The machine's boot script writes it; mount it into the container.`,
    );
  }
}

function read<S extends z.ZodRawShape>(wanted: S, env: Environment): z.infer<z.ZodObject<S>> {
  const names = ENV as Record<string, string>;
  const given = Object.fromEntries(Object.keys(wanted).map((key) => [key, env[names[key]!]]));
  const parsed = z.object(wanted).safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const key = String(issue.path[0]);
    if (given[key] === undefined) return `${names[key]} is not set. The machine’s specification must set it.`;
    const limit = issue.message.startsWith('must') ? issue.message : 'must not be empty';
    return `${names[key]} ${limit}; got ${JSON.stringify(given[key])}. Correct it in the machine’s specification.`;
  });
  throw new SettingsError(faults.join('\n'));
}
