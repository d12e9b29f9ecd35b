import { homedir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { type Command, InvalidArgumentError } from 'commander';
import { type ModelVersion, PLAIN_NAME } from '../../core/models/model-layout';
import { CATALOGUE, modelVersion } from '../../lib/models/model-catalogue';
import { modelsOf, whisper } from '../../lib/services';
import { defaultSettings, SettingsError } from '../../lib/settings';
import { fromAws } from '../aws-errors';
import type { Context } from '../context';
import { UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import { bytes, shown, table } from '../format';
import { BucketModels } from './bucket-models';
import { GatedError, Hub, hubToken } from './hub';
import { findModelBucket } from './model-bucket';
import { pushFolder } from './push-folder';
import { pushModel } from './push-model';
import { Tally } from './tally';
import { localAccess } from '../keys/open-key-store';

interface ModelsOptions {
  bucket?: string;
  local?: boolean;
  json?: boolean;
}

interface PushOptions extends ModelsOptions {
  from?: string;
  revision?: string;
  license?: string;
  cache: string;
  force?: boolean;
}

/** How long requests to the hub are retried. */
const PATIENCE_MS = 120_000;

/** `spotscribe models list|push|verify` */
export function registerModels(program: Command, context: Context): void {
  const models = program
    .command('models')
    .summary('push models to a deployment, list and verify them')
    .description(
      'Manages the models that machines load. Requires AWS credentials with permission to read and write the model bucket.',
    );
  const add = (name: string, description: string) =>
    models
      .command(name)
      .description(description)
      .option('--bucket <name>', 'model bucket (default: the bucket of the stack Spotscribe-Foundation)')
      .option('--local', 'use the local AWS')
      .option('--json', 'print one JSON document');

  add(
    'list',
    'Lists the models of the catalogue with their state in the bucket, and your own models.',
  ).action((options: ModelsOptions) => translated(() => list(options, context)));
  add(
    'push [models...]',
    'Copies models from the Hugging Face hub to the bucket, or your own model from a folder. Models in the bucket are ' +
      'skipped, and interrupted transfers continue. HF_TOKEN is the token for gated models, HF_ENDPOINT a mirror of the hub.',
  )
    .option('--from <folder>', 'folder with the files of your own model')
    .option('--revision <name>', 'name of this version of your own model', revision)
    .option('--license <name>', 'license of your own model, shown in lists')
    .option('--cache <folder>', 'folder for downloads', join(homedir(), '.cache', 'spotscribe', 'models'))
    .option('--force', 'push models even if they are in the bucket')
    .action((names: string[], options: PushOptions) => translated(() => push(names, options, context)));
  add('verify [models...]', 'Reads the files in the bucket and compares them with the manifests.').action(
    (names: string[], options: ModelsOptions) => translated(() => verify(names, options, context)),
  );
}

async function list(options: ModelsOptions, { terminal }: Context): Promise<void> {
  const { s3, bucket } = await storage(options);
  const found = await new BucketModels(s3, bucket).list(CATALOGUE);
  if (options.json === true) return terminal.json({ object: 'list', bucket, data: found });
  terminal.data(
    table([
      ['MODEL', 'REVISION', 'STATE', 'SIZE', 'LICENCE', 'NOTE'],
      ...found.map(({ name, revision: version, state, size, license, gated, note }) => [
        shown(name),
        shown(version.slice(0, 12)),
        state,
        size === null ? '?' : bytes(size),
        shown(license ?? '?'),
        shown(note ?? (gated && state === 'missing' ? 'requires a token of the hub' : '')),
      ]),
    ]),
  );
}

async function push(names: string[], options: PushOptions, context: Context): Promise<void> {
  if (options.from !== undefined) return pushOwn(names, options, context);
  if (options.revision !== undefined || options.license !== undefined)
    throw new UsageError('--revision and --license are for your own model: set its folder with --from');
  const { terminal, interruption, exitWith } = context;
  const { s3, bucket } = await storage(options);
  const { HF_TOKEN, HF_ENDPOINT } = terminal.around.env;
  const hub = new Hub({ retryForMs: PATIENCE_MS, signal: interruption }, HF_ENDPOINT, hubToken(HF_TOKEN));
  const wanted = names.length === 0 ? modelsOf([whisper], defaultSettings()) : names.map(named);
  const results: (ModelVersion & { state: string; message?: string })[] = [];
  for (const { name, revision: version } of wanted) {
    const model = { name, revision: version };
    const tally = new Tally(terminal, `${name}@${version.slice(0, 12)}`);
    const pushed = pushModel(hub, { s3, bucket, signal: interruption }, model, options.cache, {
      force: options.force,
      progress: (what, count) => tally.show(what, count),
    });
    try {
      results.push({ ...model, state: await pushed });
      tally.end(results.at(-1)?.state ?? '');
    } catch (error) {
      // Continue with the other models.
      if (!(error instanceof GatedError)) throw error;
      results.push({ ...model, state: 'refused', message: error.message });
      tally.end(`refused: ${error.message}`);
      exitWith(EXIT.failed);
    }
  }
  if (options.json === true) terminal.json({ bucket, models: results });
}

async function pushOwn(
  [name, ...others]: string[],
  options: PushOptions,
  { terminal, interruption }: Context,
): Promise<void> {
  const { from = '', revision: version, license = null } = options;
  if (name === undefined || others.length > 0) throw new UsageError('With --from, name exactly one model');
  if (!PLAIN_NAME.test(name))
    throw new UsageError(`The name of a model must be a plain folder name; got "${name}"`);
  if (version === undefined)
    throw new UsageError(
      'With --from, set --revision, such as 1. Use a different one for each version of the files',
    );
  const model = { name, revision: version };
  const { s3, bucket } = await storage(options);
  if (options.force !== true && (await new BucketModels(s3, bucket).manifest(model)) !== undefined) {
    throw new UsageError(
      `The bucket already has ${name}@${version}. Push different files with another --revision, or the same files with --force`,
    );
  }
  const tally = new Tally(terminal, `${name}@${version}`);
  const upload = { s3, bucket, signal: interruption };
  const manifest = await pushFolder(upload, model, from, { source: null, license }, (count) =>
    tally.show('uploading', count),
  );
  tally.end(`pushed; use ${name}@${version} in the settings`);
  if (options.json === true)
    terminal.json({ bucket, models: [{ ...model, state: 'pushed', files: manifest.files }] });
}

async function verify(names: string[], options: ModelsOptions, context: Context): Promise<void> {
  const { terminal, interruption, exitWith } = context;
  const { s3, bucket } = await storage(options);
  const models = new BucketModels(s3, bucket);
  const present = (await models.list(CATALOGUE)).filter(({ state }) => state !== 'missing');
  const wanted = names.length === 0 ? present : names.map(named);
  const results: (ModelVersion & { faults: { path: string; fault: string }[] })[] = [];
  for (const { name, revision: version } of wanted) {
    const model = { name, revision: version };
    const tally = new Tally(terminal, `${name}@${version.slice(0, 12)}`);
    const manifest = await models.manifest(model);
    const faults =
      manifest === undefined
        ? [{ path: 'manifest.json', fault: 'is missing: the model is incomplete' }]
        : await models.verify(model, manifest, (count) => tally.show('reading', count), interruption);
    results.push({ ...model, faults });
    tally.end(
      faults.length === 0
        ? 'complete'
        : faults.map(({ path, fault }) => `${shown(path)} ${fault}`).join('; '),
    );
    if (faults.length > 0) exitWith(EXIT.failed);
  }
  if (options.json === true) terminal.json({ bucket, models: results });
}

async function storage({ bucket, local }: ModelsOptions): Promise<{ s3: S3Client; bucket: string }> {
  const access = local === true ? localAccess() : {};
  return {
    s3: new S3Client({ ...access, ...(local === true && { forcePathStyle: true }) }),
    bucket: bucket ?? (await findModelBucket(new CloudFormationClient(access))),
  };
}

function named(text: string): ModelVersion {
  try {
    return modelVersion('model', text);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new UsageError(
      `The catalogue has no model ${JSON.stringify(text)}. It has ${CATALOGUE.map(({ name }) => name).join(', ')}. ` +
        `To push your own model, use --from <folder> --revision 1. Its name is then ${text}@1`,
    );
  }
}

function revision(text: string): string {
  if (PLAIN_NAME.test(text)) return text;
  throw new InvalidArgumentError('It must have only letters, digits or . _ -');
}

async function translated(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw fromAws(error);
  }
}
