import { type Command, InvalidArgumentError, Option } from 'commander';
import { ANALYSIS_TASKS, type AnalysisTask } from '../../core/contract/names';
import type { AnalysisOptions, JobOptions } from '../../core/contract/options';
import { OPTION_LIMITS, QUESTION_LIMITS } from '../../core/contract/limits';
import { AUTO, languageCode } from '../../core/forms/languages';
import { UsageError } from '../errors';
import { wholeNumber } from '../options';

/** What a command line says about how to transcribe, and what to understand. */
export interface ChosenOptions {
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
  /** False for `--no-analysis`. */
  analysis: boolean;
  tasks?: AnalysisTask[];
  ask?: string[];
}

/** Adds the options that say how to transcribe, and what to understand. */
export function addJobOptions(command: Command): Command {
  const { hotwords, prompt, speakers } = OPTION_LIMITS;
  const count = wholeNumber(1, speakers);
  return command
    .option('--language <code>', 'language spoken, such as en or English (default: detected)', language)
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
    .option('--no-speaker-cleanup', 'with --diarize, keep speakers as found, short false turns and all')
    .option(
      '--tasks <tasks>',
      `what to understand, on paths that do: ${ANALYSIS_TASKS.join(', ')}, parted by commas (default: all)`,
      tasks,
    )
    .option(
      '--ask <question>',
      'a question about the recording, on paths that understand; may be repeated',
      question,
    )
    .option('--no-analysis', 'transcribe only, on paths that would understand, too');
}

/**
 * The options as the API takes them: what was not chosen is left out.
 *
 * @throws UsageError for choices that mean nothing together
 */
export function jobOptions(chosen: ChosenOptions): JobOptions {
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
  const options: JobOptions = {
    language: chosen.language,
    task: chosen.translate === true ? 'translate' : undefined,
    hotwords: chosen.hotwords,
    prompt: chosen.prompt,
    diarize: chosen.diarize,
    num_speakers: chosen.speakers,
    min_speakers: minSpeakers,
    max_speakers: maxSpeakers,
    speaker_cleanup: chosen.speakerCleanup ? undefined : [],
    analysis: analysisOptions(chosen),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function analysisOptions({ analysis, tasks, ask }: ChosenOptions): AnalysisOptions | false | undefined {
  if (tasks === undefined && ask === undefined) return analysis ? undefined : false;
  if (!analysis) {
    const flag = tasks === undefined ? '--ask' : '--tasks';
    throw new UsageError(`${flag} and --no-analysis contradict each other: leave one out`);
  }
  return { ...(tasks && { tasks }), ...(ask && { questions: ask }) };
}

function tasks(list: string): AnalysisTask[] {
  const names = [...new Set(list.split(',').map((name) => name.trim()))];
  const known = names.flatMap((name) => ANALYSIS_TASKS.find((task) => task === name) ?? []);
  if (known.length === names.length) return known;
  throw new InvalidArgumentError(`It must be among ${ANALYSIS_TASKS.join(', ')}, parted by commas.`);
}

function question(value: string, earlier: string[] = []): string[] {
  const { count, length } = QUESTION_LIMITS;
  const questions = [...earlier, text(length)(value.trim())];
  if (value.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  if (questions.length > count) throw new InvalidArgumentError(`At most ${count} questions are taken.`);
  return questions;
}

function language(value: string): string {
  const code = value.toLowerCase() === AUTO ? AUTO : languageCode(value);
  if (code !== undefined) return code;
  throw new InvalidArgumentError('It must be a language that Whisper knows, such as "en" or "English".');
}

const text =
  (most: number) =>
  (value: string): string => {
    const { length } = [...value];
    if (length <= most) return value;
    throw new InvalidArgumentError(`It has ${length} characters; at most ${most} are taken.`);
  };
