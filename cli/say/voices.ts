import type { Command } from 'commander';
import { ApiClient } from '../api/client';
import { type ConnectionOptions, findConnection } from '../api/connection';
import type { Context } from '../context';
import { UnreachableError, UsageError } from '../errors';
import { shown, table } from '../format';
import * as parse from '../options';

const PATIENCE_MS = 5000;

/** What is used of an answer of `GET /v1/audio/voices`. */
interface VoicesAnswer {
  voices?: { id: string; languages: string[]; description: string; aliases: string[] }[];
  license?: string | null;
}

/** `spotscribe voices` without a command, or `spotscribe voices speech` */
export function addSpeechVoices(voices: Command, { terminal, ...context }: Context): void {
  voices
    .command('speech', { isDefault: true })
    .description(
      'Lists the voices that speak, of a running machine, the default first, with the names of OpenAI that ' +
        'mean them. "spotscribe voices" without a command does the same.',
    )
    .allowExcessArguments()
    .addOption(parse.urlOption())
    .addOption(parse.keyOption())
    .option('--json', 'print one JSON document')
    .action(async (options: ConnectionOptions & { json?: boolean }, { args }: Command) => {
      // As the default command, it also receives unknown commands.
      if (args.length > 0)
        throw new UsageError(`unknown command '${args[0]}': see "spotscribe voices --help"`);
      const connection = await findConnection(options, terminal.around.env, context.localConnection);
      const patience = { retryForMs: PATIENCE_MS, signal: context.interruption };
      const answer: VoicesAnswer = await new ApiClient(connection, patience).speechVoices();
      const { voices, license } = answer;
      if (!Array.isArray(voices))
        throw new UnreachableError(`${connection.url} returned something else instead of a list of voices`);
      if (options.json === true) return terminal.json(answer);
      const rows = voices.map(({ id, languages, description, aliases }) =>
        [id, languages.join(', '), description, aliases.join(', ')].map(shown),
      );
      terminal.data(table([['VOICE', 'LANGUAGES', 'DESCRIPTION', 'ALSO'], ...rows]));
      if (typeof license === 'string') terminal.say(`Licence of the model: ${shown(license)}`);
    });
}
