import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_TENANT, TENANT_PATTERN } from '../../core/contract/keys';
import { fromAws } from '../aws-errors';
import type { Context } from '../context';
import { shown, table } from '../format';
import { type Unit, UNITS } from '../../core/contract/names';
import type { KeyRow } from '../../core/contract/usage';
import { UsageError } from '../errors';
import type { KeyStore, Limits } from './key-store';
import { localAccess, openKeyStore } from './open-key-store';

/** Same limit as for the setting `minutesPerDayPerKey`. */
const MOST_MINUTES = 1_000_000;

/** Units with a limit of their own. That of audio is in minutes. */
const OTHER_UNITS = UNITS.filter((unit): unit is Exclude<Unit, 'audio_second'> => unit !== 'audio_second');

interface KeysOptions {
  stack?: string;
  local?: boolean;
  json?: boolean;
}

export function registerKeys(program: Command, { terminal }: Context): void {
  const keys = program
    .command('keys')
    .summary('create, list, limit and revoke API keys')
    .description(
      'Manages the API keys of a deployment. Requires AWS credentials, such as AWS_PROFILE, with permission to read ' +
        'CloudFormation stacks and to write to the key table.',
    );
  const add = (name: string, description: string) =>
    keys
      .command(name)
      .description(description)
      .option('--stack <name>', 'deployed stack (default: the only one whose name begins with Spotscribe-)')
      .option('--local', 'use the local AWS')
      .option('--json', 'print one JSON document');

  add('create', 'Creates a key and prints it once. Only its hash is stored.')
    .option('--tenant <tenant>', 'tenant whose jobs the key can access', tenant, DEFAULT_TENANT)
    .option('--name <name>', 'name of the key, shown in lists', label, '')
    .addOption(minutesOption())
    .addOption(unitsOption())
    .action(async (options: KeysOptions & { tenant: string; name: string } & LimitOptions) => {
      const { tenant, name } = options;
      const made = await withKeys(options, (store) => store.create(tenant, name, limitsIn(options)));
      if (options.json) return terminal.json(made);
      terminal.data(`${made.key}\n`);
      terminal.say(
        `This is ${made.id} of tenant "${made.tenant}". Save the key now: it cannot be shown again.`,
      );
    });

  add('list', 'Lists all keys, including revoked ones, oldest first.').action(
    async (options: KeysOptions) => {
      const found = await withKeys(options, (store) => store.list());
      if (options.json) return terminal.json({ object: 'list', data: found });
      if (found.length === 0) return terminal.say('No keys. "spotscribe keys create" creates one');
      terminal.data(
        table([
          ['ID', 'TENANT', 'CREATED', 'REVOKED', 'MINUTES/DAY', 'OTHER/DAY', 'NAME'],
          ...found.map((key) => [
            key.id,
            shown(key.tenant),
            key.created_at,
            key.revoked_at ?? '',
            String(key.minutes_per_day === null ? 'none' : (key.minutes_per_day ?? '')),
            Object.entries(key.units_per_day ?? {})
              .map(([unit, limit]) => `${unit}=${limit}`)
              .join(','),
            shown(key.name),
          ]),
        ]),
      );
    },
  );

  add('set <id>', 'Changes the daily quota of a key, by its id. It takes effect within 30 seconds.')
    .addOption(minutesOption())
    .addOption(unitsOption())
    .action(async (id: string, options: KeysOptions & LimitOptions) => {
      const limits = limitsIn(options);
      if (Object.keys(limits).length === 0)
        throw new UsageError('Nothing to change: add --minutes-per-day or --units-per-day');
      const changed = await withKeys(options, (store) => store.setLimits(id, limits));
      if (options.json) terminal.json(changed);
      else terminal.say(`Changed ${id}`);
    });

  add('revoke <id>', 'Revokes a key, by its id. It takes effect within 30 seconds.').action(
    async (id: string, options: KeysOptions) => {
      const revoked = await withKeys(options, (store) => store.revoke(id));
      if (options.json) terminal.json(revoked);
      else terminal.say(`Revoked ${id}`);
    },
  );
}

function tenant(text: string): string {
  if (new RegExp(TENANT_PATTERN).test(text)) return text;
  throw new InvalidArgumentError('It must have 1 to 64 characters: letters, digits or . _ @ -');
}

interface LimitOptions {
  minutesPerDay?: number | 'none' | 'default';
  unitsPerDay?: NonNullable<KeyRow['units_per_day']> | 'none';
}

const minutesOption = () =>
  new Option(
    '--minutes-per-day <n>',
    'minutes of audio for each UTC day: a number, none (no limit) or default (the limit of the deployment)',
  ).argParser(minutes);

const unitsOption = () =>
  new Option(
    '--units-per-day <limits>',
    `other work for each UTC day, such as token=1000000,character=500000 (${OTHER_UNITS.join(', ')}), or none`,
  ).argParser(units);

function units(text: string): LimitOptions['unitsPerDay'] {
  if (text === 'none') return text;
  const limits = text.split(',').map((part) => {
    const [, unit, limit] = /^([a-z_]+)=(\d+)$/.exec(part.trim()) ?? [];
    if (OTHER_UNITS.some((each) => each === unit)) return [unit, Number(limit)] as const;
    throw new InvalidArgumentError(`"${part}" is not a unit (${OTHER_UNITS.join(', ')}) with its limit.`);
  });
  return Object.fromEntries(limits) as NonNullable<KeyRow['units_per_day']>;
}

function minutes(text: string): LimitOptions['minutesPerDay'] {
  if (text === 'none' || text === 'default') return text;
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value <= MOST_MINUTES) return value;
  throw new InvalidArgumentError(`It must be a number from 0 to ${MOST_MINUTES}, none or default.`);
}

/** The limits that the options change. */
function limitsIn({ minutesPerDay, unitsPerDay }: LimitOptions): Limits {
  const given = minutesPerDay === 'none' ? null : minutesPerDay === 'default' ? undefined : minutesPerDay;
  return {
    ...(minutesPerDay !== undefined && { minutes_per_day: given }),
    ...(unitsPerDay !== undefined && { units_per_day: unitsPerDay === 'none' ? undefined : unitsPerDay }),
  };
}

function label(text: string): string {
  if (text.length <= 100 && shown(text) === text) return text;
  throw new InvalidArgumentError('It must have at most 100 characters and no control characters.');
}

async function withKeys<T>(options: KeysOptions, work: (store: KeyStore) => Promise<T>): Promise<T> {
  try {
    return await work(await openKeyStore(options.local === true ? localAccess() : {}, options.stack));
  } catch (error) {
    throw fromAws(error);
  }
}
