import { type Command, InvalidArgumentError, Option } from 'commander';
import { MOST_MACHINES } from '../../core/contract/limits';
import type { WarmView } from '../../core/contract/warm';
import { WARM_TIME, warmSeconds } from '../../core/fleet/warm-request';
import { ApiClient } from '../api/client';
import { type ConnectionOptions, findConnection } from '../api/connection';
import type { Context } from '../context';
import { table } from '../format';
import * as parse from '../options';

const PATIENCE_MS = 5000;

interface WarmOptions extends ConnectionOptions {
  machines: number;
  for: string;
  off?: boolean;
  status?: boolean;
  json?: boolean;
}

/** `spotscribe warm` */
export function registerWarm(program: Command, { terminal, localConnection, interruption }: Context): void {
  program
    .command('warm')
    .summary('keep machines warm for a while')
    .description(
      'Starts machines now and keeps them running without work for a while, and prints what that costs. A second request ' +
        'replaces the first. Afterwards, machines end when they are idle. The deployment must allow it for the tenant of ' +
        'the key (setting "warmByApi").',
    )
    .addOption(parse.urlOption())
    .addOption(parse.keyOption())
    .option('--machines <n>', 'number of machines', parse.wholeNumber(1, MOST_MACHINES), 1)
    .option('--for <time>', 'how long, such as 30m, 2h or 1h30m; at most 24h', warmTime, '30m')
    .addOption(new Option('--off', 'keep no machine warm any longer').conflicts(SET))
    .addOption(
      new Option('--status', 'only show what is set, without changing it').conflicts([...SET, 'off']),
    )
    .option('--json', 'print one JSON document')
    .action(async (options: WarmOptions) => {
      const connection = await findConnection(options, terminal.around.env, localConnection);
      const client = new ApiClient(connection, { retryForMs: PATIENCE_MS, signal: interruption });
      const view = await asked(client, options);
      if (options.json) terminal.json(view);
      else terminal.data(warmLines(view));
    });
}

const SET = ['machines', 'for'];

function asked(client: ApiClient, { machines, for: time, off, status }: WarmOptions): Promise<WarmView> {
  if (status) return client.warm('GET');
  return off ? client.warm('DELETE') : client.warm('POST', { machines, for: time });
}

function warmTime(text: string): string {
  if (warmSeconds(text) !== undefined) return text;
  throw new InvalidArgumentError(`It must be ${WARM_TIME}.`);
}

const warmLines = ({ machines, until, scheduled_machines, ...price }: WarmView): string =>
  table([
    ['kept warm', machinesOf(machines)],
    ['until', until ?? 'no request'],
    ['by the settings', machinesOf(scheduled_machines)],
    ...(until === null || price.cost === null
      ? []
      : [['cost', `$${price.cost_per_hour} per hour, $${price.cost} until then`]]),
    ['price', priceLine(price)],
  ]);

const machinesOf = (count: number) => `${count} ${count === 1 ? 'machine' : 'machines'}`;

const priceLine = ({
  price_per_hour: price,
  machine_type,
  capacity,
  price_source,
}: Pick<WarmView, 'price_per_hour' | 'machine_type' | 'capacity' | 'price_source'>) =>
  price === null ? price_source : `$${price} per hour for one ${machine_type}, ${capacity} (${price_source})`;
