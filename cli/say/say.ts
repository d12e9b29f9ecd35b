import { Readable } from 'node:stream';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SPEECH_LIMITS } from '../../core/contract/limits';
import { SPEECH_FILE_FORMATS } from '../../core/contract/names';
import type { SpeechOptions } from '../../core/contract/work/options';
import { type ConnectionOptions, findConnection } from '../api/connection';
import { machinePatience } from '../api/machine-patience';
import type { Context } from '../context';
import { receiptLine } from '../format';
import * as parse from '../options';
import { limitsOf, type Run } from '../transcribe/trip';
import { sayAtOnce, sayByJob } from './speak';
import { asInput, isShort, spokenText } from './spoken-text';
import { type TargetOptions, targetOf } from './target';

const RETRY_MS = 60_000;
const { slowest, fastest, inPlace } = SPEECH_LIMITS;

interface SayOptions extends ConnectionOptions, TargetOptions {
  file?: string;
  voice?: string;
  speed?: number;
  language?: string;
  timeout: number;
  bulk?: boolean;
}

/** `spotscribe say` */
export function registerSay(program: Command, context: Context): void {
  program
    .command('say')
    .summary('speak a text or a book')
    .description(
      `Speaks a text and writes the audio to a file. A text of up to ${inPlace} characters is one request. A longer one, and every ` +
        'document, is a job: run an interrupted command again to fetch its result, which is not paid twice.',
    )
    .argument('[text]', 'what to say; - reads it from standard input')
    .option('-f, --file <file>', 'read the text from a file: .txt, .md, .ssml or .epub')
    .option(
      '-o, --out <file>',
      'audio file (default: speech.mp3); - writes to standard output; with --chapters, a folder',
    )
    .option('--voice <name>', 'voice: see "spotscribe voices" (default: the first one)')
    .option('--speed <factor>', `speed, from ${slowest} to ${fastest} (default: 1)`, speed)
    .option('--language <code>', 'language of the text, such as en, for a voice that speaks several')
    .addOption(
      new Option('--format <format>', 'format (default: by the name of the file, or mp3)').choices(
        SPEECH_FILE_FORMATS,
      ),
    )
    .option('--chapters', 'write a file for each chapter, and an audiobook with chapter marks')
    .option('--force', 'replace files that exist')
    .addOption(parse.bulkOption())
    .addOption(
      new Option('--timeout <time>', 'time limit for a job, such as 90s, 30m, 2h')
        .argParser(parse.time)
        .default(parse.time('12h'), '12h'),
    )
    .addOption(parse.urlOption())
    .addOption(parse.keyOption())
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  spotscribe say "Good morning." -o morning.mp3\n' +
        '  echo "Good morning." | spotscribe say - -o - | play -t mp3 -\n' +
        '  spotscribe say --file notes.md --voice bf_emma --speed 1.1\n' +
        '  spotscribe say --file book.epub --chapters --out book',
    )
    .action((text: string | undefined, options: SayOptions) => say(text, options, context));
}

async function say(argument: string | undefined, options: SayOptions, context: Context): Promise<void> {
  const { terminal, interruption } = context;
  const { file, voice, speed: factor, language, chapters, force = false } = options;
  const target = targetOf(options, terminal.around.out.isTTY === true);
  const { stdin = () => Readable.from([]) } = terminal.around;
  const spoken = await spokenText({ argument, file, stdin, signal: interruption });
  const connection = await findConnection(options, terminal.around.env, context.localConnection);
  const chosen: SpeechOptions = { voice, speed: factor, language, format: target.format, chapters };
  const saying = { options: chosen, target, force, terminal };
  const run: Run = {
    ...{ connection, interruption, options: {}, newJob: false, priority: parse.priorityOf(options) },
    ...{ retryForMs: RETRY_MS, timeoutMs: options.timeout, ...limitsOf(1) },
  };
  const isJob = chapters === true || target.format === 'm4b' || options.bulk === true;
  const said =
    'input' in spoken
      ? await sayByJob(spoken.input, spoken.type, saying, run)
      : isShort(spoken.text) && !isJob
        ? await sayAtOnce(
            spoken.text,
            saying,
            connection,
            machinePatience((line) => terminal.say(line), interruption),
          )
        : await asInput(spoken.text, (input) => sayByJob(input, 'text/plain', saying, run));
  const { job, summary, remarks } = said;
  const path = target.to === 'stdout' ? undefined : target.path;
  if (options.json === true) terminal.json({ path, format: target.format, job });
  else if (path !== undefined) terminal.data(`${path}\n`);
  for (const remark of remarks) terminal.say(remark);
  const receipt = job?.receipt === undefined ? [] : [receiptLine(job.receipt)];
  if (options.json !== true) terminal.say([summary, ...receipt].join('; '));
}

function speed(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= slowest && value <= fastest) return value;
  throw new InvalidArgumentError(`It must be a number from ${slowest} to ${fastest}.`);
}
