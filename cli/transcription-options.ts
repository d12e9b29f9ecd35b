import { type Command, InvalidArgumentError, Option } from 'commander';
import { OPTION_LIMITS, type TranscriptionOptions } from '../lambda/contract';
import { UsageError } from './errors';
import { wholeNumber } from './options';

/** What a command line says about how to transcribe. */
export interface SpeechOptions {
  language?: string;
  translate?: boolean;
  hotwords?: string;
  prompt?: string;
  diarize?: boolean;
  speakers?: number;
  minSpeakers?: number;
  maxSpeakers?: number;
  /** False for `--no-speaker-cleanup`. */
  speakerCleanup: boolean;
}

/** Adds the options that say how to transcribe. */
export function addSpeechOptions(command: Command): Command {
  const { hotwords, prompt, speakers } = OPTION_LIMITS;
  const count = wholeNumber(1, speakers);
  return command
    .option('--language <code>', 'language spoken, such as en (default: detected)', language)
    .option('--translate', 'give English text, whatever is spoken')
    .option('--hotwords <words>', 'names and rare words to listen for', text(hotwords))
    .option('--prompt <text>', 'text in the style that is wanted, as if said before', text(prompt))
    .option('--diarize', 'say who spoke')
    .addOption(
      new Option('--speakers <n>', 'exact number of speakers, with --diarize (default: found out)')
        .argParser(count)
        .conflicts(['minSpeakers', 'maxSpeakers']),
    )
    .option('--min-speakers <n>', 'least number of speakers, with --diarize', count)
    .option('--max-speakers <n>', 'greatest number of speakers, with --diarize', count)
    .option('--no-speaker-cleanup', 'with --diarize, keep speakers as found, short false turns and all');
}

/**
 * The options as the API takes them: what was not chosen is left out.
 *
 * @throws UsageError for choices that mean nothing together
 */
export function transcriptionOptions(chosen: SpeechOptions): TranscriptionOptions {
  const { minSpeakers, maxSpeakers } = chosen;
  const aboutSpeakers = {
    '--speakers': chosen.speakers,
    '--min-speakers': minSpeakers,
    '--max-speakers': maxSpeakers,
    '--no-speaker-cleanup': chosen.speakerCleanup ? undefined : true,
  };
  const [useless] = Object.entries(aboutSpeakers).find(([, value]) => value !== undefined) ?? [];
  if (useless !== undefined && chosen.diarize !== true) {
    throw new UsageError(`${useless} needs --diarize: add that, or leave it out`);
  }
  if (minSpeakers !== undefined && maxSpeakers !== undefined && minSpeakers > maxSpeakers) {
    throw new UsageError(
      `--min-speakers is ${minSpeakers}, more than --max-speakers ${maxSpeakers}: lower it, or raise that`,
    );
  }
  const options: TranscriptionOptions = {
    language: chosen.language,
    task: chosen.translate === true ? 'translate' : undefined,
    hotwords: chosen.hotwords,
    prompt: chosen.prompt,
    diarize: chosen.diarize,
    num_speakers: chosen.speakers,
    min_speakers: minSpeakers,
    max_speakers: maxSpeakers,
    speaker_cleanup: chosen.speakerCleanup ? undefined : [],
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function language(code: string): string {
  if (/^[a-z]{2,3}$/.test(code)) return code;
  throw new InvalidArgumentError('It must be a language code such as "en".');
}

const text =
  (most: number) =>
  (value: string): string => {
    const { length } = [...value];
    if (length <= most) return value;
    throw new InvalidArgumentError(`It has ${length} characters; at most ${most} are taken.`);
  };
