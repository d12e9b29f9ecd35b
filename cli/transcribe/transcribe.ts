import { type Command, Option } from 'commander';
import { TRANSCRIPT_FORMATS, type TranscriptFormat } from '../../core/contract/names';
import { ApiClient, type Connection } from '../api/client';
import { findConnection } from '../api/connection';
import type { Context } from '../context';
import { dollars, duration } from '../format';
import { findInputs } from './inputs';
import { exitCodeOf, type Outcome, outcomeDocument, summaryDocument } from './outcome';
import * as parse from '../options';
import { LiveProgress, PlainProgress } from './progress';
import { RECORDS_FOLDER } from '../results/record';
import { planOutputs, prepareFolders } from '../results/outputs';
import { type BulkResult, transcribeAll } from './transcribe-all';
import { limitsOf } from './trip';
import { addJobOptions, type ChosenOptions, jobOptions } from '../jobs/job-options';

export interface TranscribeOptions extends ChosenOptions {
  url?: string;
  key?: string;
  out?: string;
  format: TranscriptFormat[];
  recursive?: boolean;
  force?: boolean;
  overwrite?: boolean;
  adopt?: boolean;
  new?: boolean;
  bulk?: boolean;
  concurrency: number;
  timeout: number;
  json?: boolean;
}

/** How long requests are retried at the start of a run, and later during the run. */
const FIRST_PATIENCE_MS = 3000;
const PATIENCE_MS = 120_000;

export function registerTranscribe(program: Command, context: Context): void {
  const command = program
    .command('transcribe')
    .summary('transcribe audio files')
    .description(
      'Transcribes audio files: uploads them, waits for their jobs and writes the results next to the audio.\n\n' +
        'You can interrupt and repeat a run at any time: it continues with the jobs that it started, and skips ' +
        'files that have their results. Results of changed audio are replaced. Nothing is paid twice within ' +
        'a day. Different options create a new job: add --force if there are results already.\n\n' +
        `The folder ${RECORDS_FOLDER} next to the results records which files were written. Other files, and files that ` +
        'were changed later, are yours: they do not count as results and are not replaced. If such a file has the name ' +
        'of a result, the audio is not sent and the run reports an error.',
    )
    .argument('<file...>', 'audio or video files, or folders with --recursive')
    .addOption(parse.urlOption())
    .addOption(parse.keyOption())
    .option('--out <folder>', 'folder for the results (default: next to the audio)')
    .addOption(
      new Option('--format <formats>', `${TRANSCRIPT_FORMATS.join(', ')}, separated by commas`)
        .argParser(parse.formats)
        .default(['srt', 'txt'], 'srt,txt'),
    );
  addJobOptions(command)
    .option('--recursive', 'search folders and their subfolders for audio')
    .option('--force', 'write results again even if they exist')
    .addOption(
      new Option('--overwrite', 'also replace files that Spotscribe did not write').conflicts('adopt'),
    )
    .option(
      '--adopt',
      'accept files that are newer than the audio as its results, even if another program wrote them',
    )
    .option('--new', 'create and pay for a new job even if this audio was sent before; implies --force')
    .addOption(parse.bulkOption())
    .option(
      '--concurrency <n>',
      'number of files, or parts of large files, uploaded at once',
      parse.wholeNumber(1, 64),
      4,
    )
    .addOption(
      new Option('--timeout <time>', 'time limit for one file, such as 90s, 30m, 2h')
        .argParser(parse.time)
        .default(parse.time('12h'), '12h'),
    )
    .option('--json', 'print JSON lines: one for each file when it ends, then a summary')
    .addHelpText(
      'after',
      '\nWithout --json, standard output lists the paths of the written results, one per line.\nIf a file fails, the others continue, and the exit status is 1.',
    )
    .action(async (files: string[], options: TranscribeOptions) => {
      const result = await transcribe(files, options, context);
      context.exitWith(exitCodeOf(result.outcomes, result.stop));
    });
}

/** Transcribes files with the given options, and reports to the terminal. */
export async function transcribe(
  files: string[],
  options: TranscribeOptions,
  context: Context,
): Promise<BulkResult> {
  const { terminal, interruption } = context;
  const speech = await jobOptions(options);
  const inputs = await findInputs(files, options.recursive === true);
  const plans = await planOutputs(inputs, options.format, options.out);
  const connection = await findConnection(options, terminal.around.env, context.localConnection);
  await checkConnection(connection, interruption);
  await prepareFolders(plans);
  const result = await transcribeAll(plans, {
    run: {
      connection,
      options: speech,
      priority: parse.priorityOf(options),
      newJob: options.new === true,
      retryForMs: PATIENCE_MS,
      timeoutMs: options.timeout,
      ...limitsOf(options.concurrency),
    },
    existing: {
      force: options.force === true || options.new === true,
      overwrite: options.overwrite === true,
      adopt: options.adopt === true,
    },
    interruption,
    progress: (totals) => (terminal.live ? new LiveProgress(terminal, totals) : new PlainProgress(terminal)),
    report: (outcome) => report(outcome, options.json === true, context),
  });
  summarise(result, options.json === true, context);
  return result;
}

/** Checks URL and key before hours of audio are read. */
async function checkConnection(connection: Connection, signal: AbortSignal): Promise<void> {
  await new ApiClient(connection, { retryForMs: FIRST_PATIENCE_MS, signal }).list({ limit: 1 });
}

function report(outcome: Outcome, json: boolean, { terminal }: Context): void {
  if (json) terminal.json(outcomeDocument(outcome));
  else if (outcome.status === 'done') outcome.outputs.forEach((path) => terminal.data(`${path}\n`));
}

function summarise({ totals, outcomes, stop }: BulkResult, json: boolean, { terminal }: Context): void {
  if (json) terminal.json(summaryDocument(totals, stop !== undefined));
  const parts = [`${totals.done} done`];
  if (totals.skipped > 0) parts.push(`${totals.skipped} skipped`);
  if (totals.failed > 0) parts.push(terminal.style('red', `${totals.failed} failed`));
  if (totals.done > 0) parts.push(`${duration(totals.audioSeconds)} of audio`, dollars(totals.cost));
  if (totals.files > 1) terminal.say(parts.join(' · '));
  // In a long run the lines of failed files have scrolled out of view.
  const failed = outcomes.filter(({ status }) => status === 'failed');
  if (totals.files > 20) {
    for (const { input, error } of failed) terminal.say(`  ${input.path}  ${error?.code}: ${error?.message}`);
  }
  if (stop === undefined) return;
  const left = totals.files - outcomes.length;
  terminal.say(
    `${stop.message}. ${left} of ${totals.files} not finished: run the same command again to continue`,
  );
}
