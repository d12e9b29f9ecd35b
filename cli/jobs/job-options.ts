import { type Command, InvalidArgumentError, Option } from 'commander';
import { ANALYSIS_TASKS, CHANNEL_MODES, type AnalysisTask } from '../../core/contract/names';
import type { AnalysisOptions, SubmittedOptions } from '../../core/contract/work/options';
import { OPTION_LIMITS, QUESTION_LIMITS } from '../../core/contract/limits';
import { AUTO, languageCode } from '../../core/forms/languages';
import { UsageError } from '../errors';
import { wholeNumber } from '../options';
import { ownSchema } from './own-schema';
import { chosenVoices, namedSpeaker, type NamedSpeaker, speakerOptions } from './known-speakers';

/** Job options as given on the command line. */
export interface ChosenOptions {
  language?: string;
  languages?: string[];
  translate?: boolean;
  hotwords?: string;
  prompt?: string;
  track?: number;
  channels?: (typeof CHANNEL_MODES)[number];
  diarize?: boolean;
  speakers?: number;
  minSpeakers?: number;
  maxSpeakers?: number;
  speaker?: NamedSpeaker[];
  voices?: SubmittedOptions['voices'];
  /** False for `--no-speaker-cleanup`. */
  speakerCleanup: boolean;
  /** False for `--no-analysis`. */
  analysis: boolean;
  tasks?: AnalysisTask[];
  ask?: string[];
  /** File with a JSON schema. */
  schema?: string;
}

/** Adds the options for transcription and analysis. */
export function addJobOptions(command: Command): Command {
  const { hotwords, prompt, speakers, tracks } = OPTION_LIMITS;
  const count = wholeNumber(1, speakers);
  return command
    .option('--language <code>', 'spoken language, such as en or English (default: detected)', language)
    .addOption(
      new Option('--languages <codes>', 'languages of a recording in several, separated by commas')
        .argParser(languages)
        .conflicts('language'),
    )
    .option('--translate', 'translate the speech to English text')
    .option('--hotwords <words>', 'names and rare words that may occur', text(hotwords))
    .option('--prompt <text>', 'text in the desired style, as if spoken before the audio', text(prompt))
    .option('--track <n>', 'number of the sound track (default: the default one)', wholeNumber(1, tracks))
    .addOption(
      new Option(
        '--channels <mode>',
        'separate: transcribe each channel by itself, as one speaker (default: mixed)',
      ).choices(CHANNEL_MODES),
    )
    .option('--diarize', 'identify speakers')
    .addOption(
      new Option('--speakers <n>', 'exact number of speakers, with --diarize (default: detected)')
        .argParser(count)
        .conflicts(['minSpeakers', 'maxSpeakers']),
    )
    .option('--min-speakers <n>', 'minimum number of speakers, with --diarize', count)
    .option('--max-speakers <n>', 'maximum number of speakers, with --diarize', count)
    .option(
      '--speaker <name[=file]>',
      'name of a speaker, with --diarize: by the voice in a recording of some seconds, otherwise in the order of the first words; can be repeated',
      namedSpeaker,
    )
    .addOption(
      new Option(
        '--voices <names>',
        'kept voices whose names the speakers get, with --diarize: all, or names or ids separated by commas; see "spotscribe voices"',
      )
        .argParser(chosenVoices)
        .conflicts('speaker'),
    )
    .option(
      '--no-speaker-cleanup',
      'with --diarize, keep all speakers and turns as detected, including short false turns',
    )
    .option(
      '--tasks <tasks>',
      `analysis tasks, on paths with analysis: ${ANALYSIS_TASKS.join(', ')}, separated by commas (default: all but chapters and highlights)`,
      tasks,
    )
    .option(
      '--ask <question>',
      'question about the recording, on paths with analysis; can be repeated',
      question,
    )
    .option(
      '--schema <file>',
      'JSON schema of values to extract from the recording, on paths with analysis: see docs/analysis.md',
    )
    .option('--no-analysis', 'transcribe only, without analysis');
}

/**
 * Converts the options to those of the API. Options that were not given are left out.
 *
 * @throws UsageError for options that contradict each other, or a schema that is not supported;
 * CliError if a recording cannot be read
 */
export async function jobOptions(chosen: ChosenOptions): Promise<SubmittedOptions> {
  const { minSpeakers, maxSpeakers } = chosen;
  // Channels have names; nobody compares voices.
  const onlyNames =
    chosen.channels === 'separate' && (chosen.speaker ?? []).every(({ file }) => file === undefined);
  const aboutSpeakers = {
    '--speakers': chosen.speakers,
    '--min-speakers': minSpeakers,
    '--max-speakers': maxSpeakers,
    '--speaker': onlyNames ? undefined : chosen.speaker,
    '--voices': chosen.voices,
    '--no-speaker-cleanup': chosen.speakerCleanup ? undefined : true,
  };
  const [useless] = Object.entries(aboutSpeakers).find(([, value]) => value !== undefined) ?? [];
  if (chosen.channels === 'separate' && (useless !== undefined || chosen.diarize === true)) {
    const flag = chosen.diarize === true ? '--diarize' : useless;
    throw new UsageError(
      `--channels separate makes each channel a speaker: remove ${flag}, or use --channels mixed`,
    );
  }
  if (useless !== undefined && chosen.diarize !== true) {
    throw new UsageError(`${useless} requires --diarize: add --diarize, or remove ${useless}`);
  }
  if (minSpeakers !== undefined && maxSpeakers !== undefined && minSpeakers > maxSpeakers) {
    throw new UsageError(
      `--min-speakers ${minSpeakers} must not be greater than --max-speakers ${maxSpeakers}`,
    );
  }
  const options: SubmittedOptions = {
    language: chosen.language,
    languages: chosen.languages,
    task: chosen.translate === true ? 'translate' : undefined,
    hotwords: chosen.hotwords,
    prompt: chosen.prompt,
    track: chosen.track,
    channels: chosen.channels,
    diarize: chosen.diarize,
    num_speakers: chosen.speakers,
    min_speakers: minSpeakers,
    max_speakers: maxSpeakers,
    speaker_cleanup: chosen.speakerCleanup ? undefined : [],
    ...(await speakerOptions(chosen.speaker)),
    voices: chosen.voices,
    analysis: await analysisOptions(chosen),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

async function analysisOptions(chosen: ChosenOptions): Promise<AnalysisOptions | false | undefined> {
  const { analysis, tasks, ask, schema } = chosen;
  const [flag] =
    Object.entries({ '--tasks': tasks, '--ask': ask, '--schema': schema }).find(
      ([, value]) => value !== undefined,
    ) ?? [];
  if (flag === undefined) return analysis ? undefined : false;
  if (!analysis)
    throw new UsageError(`${flag} and --no-analysis cannot be used together: remove one of them`);
  return {
    ...(tasks && { tasks }),
    ...(ask && { questions: ask }),
    ...(schema !== undefined && { schema: await ownSchema(schema) }),
  };
}

function tasks(list: string): AnalysisTask[] {
  const names = [...new Set(list.split(',').map((name) => name.trim()))];
  const known = names.flatMap((name) => ANALYSIS_TASKS.find((task) => task === name) ?? []);
  if (known.length === names.length) return known;
  throw new InvalidArgumentError(`It must be a list of ${ANALYSIS_TASKS.join(', ')}, separated by commas.`);
}

function question(value: string, earlier: string[] = []): string[] {
  const { count, length } = QUESTION_LIMITS;
  const questions = [...earlier, text(length)(value.trim())];
  if (value.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  if (questions.length > count) throw new InvalidArgumentError(`At most ${count} questions are allowed.`);
  return questions;
}

function languages(list: string): string[] {
  const codes = [...new Set(list.split(',').map(language))];
  const most = OPTION_LIMITS.languages;
  if (codes.length > most) throw new InvalidArgumentError(`At most ${most} languages are allowed.`);
  return codes;
}

function language(value: string): string {
  const code = value.toLowerCase() === AUTO ? AUTO : languageCode(value);
  if (code !== undefined) return code;
  throw new InvalidArgumentError('It must be a language that Whisper supports, such as "en" or "English".');
}

const text =
  (most: number) =>
  (value: string): string => {
    const { length } = [...value];
    if (length <= most) return value;
    throw new InvalidArgumentError(`It has ${length} characters; at most ${most} are allowed.`);
  };
