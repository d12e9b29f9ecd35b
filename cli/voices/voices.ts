import type { Command } from 'commander';
import type { VoiceView } from '../../core/contract/voices';
import { ApiClient } from '../api/client';
import { type ConnectionOptions, findConnection } from '../api/connection';
import type { Context } from '../context';
import { CliError } from '../errors';
import { shown, table } from '../format';
import { recordingUrl } from '../jobs/known-speakers';
import * as parse from '../options';
import { addSpeechVoices } from '../say/voices';

const PATIENCE_MS = 5000;

type Options = ConnectionOptions & { json?: boolean };

/** `spotscribe voices`: voices of people, whom transcripts name, and the voices that speak. */
export function registerVoices(program: Command, context: Context): void {
  const { terminal } = context;
  const voices = program
    .command('voices')
    .summary('keep voices of people for transcripts, and list the voices that speak')
    .description(
      'Keeps recordings of the voices of people, so that "spotscribe transcribe --diarize --voices all" names them. ' +
        'A voice is biometric data: keep it only with the consent of the person, and erase it when it is withdrawn.',
    );
  addSpeechVoices(voices, context);
  const add = (name: string, description: string) =>
    voices
      .command(name)
      .description(description)
      .addOption(parse.urlOption())
      .addOption(parse.keyOption())
      .option('--json', 'print one JSON document');
  const connect = async (options: ConnectionOptions) =>
    new ApiClient(await findConnection(options, terminal.around.env, context.localConnection), {
      retryForMs: PATIENCE_MS,
      signal: context.interruption,
    });

  add('add <name> <file>', 'Keeps a voice: 2 to 10 seconds of speech of that person alone are best.')
    .requiredOption('--consent <text>', 'who agreed to the use of the voice, when and how')
    .action(async (name: string, file: string, options: Options & { consent: string }) => {
      const audio = await recordingUrl(file);
      const voice = await (await connect(options)).addVoice({ name, consent: options.consent, audio });
      if (options.json) terminal.json(voice);
      else terminal.say(`Keeping the voice of ${shown(voice.name)} as ${voice.id}`);
    });

  add('list', 'Lists the kept voices with the consent, without their recordings.').action(
    async (options: Options) => {
      const kept = await (await connect(options)).voices();
      if (options.json) terminal.json(kept);
      else if (kept.data.length === 0) terminal.say('No voices');
      else terminal.data(voiceTable(kept.data));
    },
  );

  add(
    'erase <voice>',
    'Erases a voice, by its name or id, with all versions of its recording. This cannot be undone.',
  ).action(async (wanted: string, options: Options) => {
    const client = await connect(options);
    const { data } = await client.voices();
    const voice = data.find(({ id }) => id === wanted) ?? data.find(({ name }) => name === wanted);
    if (voice === undefined)
      throw new CliError('not_found', `There is no voice ${shown(wanted)}: see "spotscribe voices list"`);
    const answer = await client.eraseVoice(voice.id);
    if (options.json) terminal.json(answer);
    else terminal.say(`Erased the voice of ${shown(voice.name)}`);
  });
}

const voiceTable = (voices: VoiceView[]): string =>
  table([
    ['ID', 'CREATED', 'NAME', 'CONSENT'],
    ...voices.map(({ id, created_at, name, consent }) => [id, created_at, shown(name), shown(consent)]),
  ]);
