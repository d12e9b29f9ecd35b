import type { Command } from 'commander';
import type { Unit } from '../../core/contract/names';
import { UNIT } from '../../core/usage/units';
import type { UsageResponse } from '../../core/contract/usage';
import { ApiClient } from '../api/client';
import { type ConnectionOptions, findConnection } from '../api/connection';
import type { Context } from '../context';
import { duration, table } from '../format';
import * as parse from '../options';

const PATIENCE_MS = 5000;

export function registerUsage(program: Command, { terminal, localConnection, interruption }: Context): void {
  program
    .command('usage')
    .summary('show the usage and quota of the API key')
    .description('Shows how much work the API key has used today, and what is left.')
    .addOption(parse.urlOption())
    .addOption(parse.keyOption())
    .option('--json', 'print one JSON document')
    .action(async (options: ConnectionOptions & { json?: boolean }) => {
      const connection = await findConnection(options, terminal.around.env, localConnection);
      const client = new ApiClient(connection, { retryForMs: PATIENCE_MS, signal: interruption });
      const usage = await client.usage();
      if (options.json) terminal.json(usage);
      else terminal.data(usageLines(usage));
    });
}

const usageLines = ({
  day,
  limit_seconds,
  used_seconds,
  remaining_seconds,
  units,
  resets_at,
}: UsageResponse) =>
  table([
    ['day', day],
    ['used', duration(used_seconds)],
    ['quota', limit_seconds === null ? 'none' : duration(limit_seconds)],
    ...(remaining_seconds === null ? [] : [['left', duration(remaining_seconds)]]),
    ...Object.entries(units).flatMap(([unit, { limit, used, remaining }]) =>
      unit === 'audio_second' ? [] : [otherUnit(UNIT[unit as Unit].shown, limit, used, remaining)],
    ),
    ['resets at', resets_at],
  ]);

const otherUnit = (name: string, limit: number | null, used: number, remaining: number | null) => [
  name,
  remaining === null ? `${used} used, no quota` : `${used} used of ${limit}, ${remaining} left`,
];
