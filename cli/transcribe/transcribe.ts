import { type Command, Option } from 'commander';
import pLimit from 'p-limit';
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
  concurrency: number;
  timeout: number;
  json?: boolean;
}

/** How long a run first waits for a service that does not answer, and how long in the midst of its work. */
const FIRST_PATIENCE_MS = 3000;
const PATIENCE_MS = 120_000;

export function registerTranscribe(program: Command, context: Context): void {
  const command = program
    .command('transcribe')
    .summary('transcribe audio files')
    .description(
      'Transcribes audio files: uploads them, waits for their jobs and writes the results beside the audio.\n\n' +
        'A run can be interrupted and repeated at any time: it goes on with the jobs that it had begun, and skips ' +
        'files that have their results. Results of audio that has changed are replaced. Nothing is paid twice within ' +
        'a day. Other options make another job: add --force where there are results already.\n\n' +
        `The folder ${RECORDS_FOLDER} beside the results records what was written. A file that is not recorded there, or ` +
        'was changed later, is yours: it does not count as a result and is not replaced. Where such a file has the name of ' +
        'a result, the audio is not sent, and the run says so.',
    )
    .argument('<file...>', 'audio or video files, or folders with --recursive')
    .addOption(parse.urlOption())
    .addOption(parse.keyOption())
    .option('--out <folder>', 'write results there (default: beside the audio)')
    .addOption(
      new Option('--format <formats>', `${TRANSCRIPT_FORMATS.join(', ')}, parted by commas`)
        .argParser(parse.formats)
        .default(['srt', 'txt'], 'srt,txt'),
    );
  addJobOptions(command)
    .option('--recursive', 'take the audio in folders and their folders')
    .option('--force', 'write results anew that are there already')
    .addOption(
      new Option('--overwrite', 'replace files that Spotscribe did not write, too').conflicts('adopt'),
    )
    .option(
      '--adopt',
      'count files that are newer than the audio as its results, even if another program wrote them',
    )
    .option('--new', 'pay for a new job, even if this audio was sent before; implies --force')
    .option(
      '--concurrency <n>',
      'files, or parts of large ones, uploaded at once',
      parse.wholeNumber(1, 64),
      4,
    )
    .addOption(
      new Option('--timeout <time>', 'longest time for one file, such as 90s, 30m, 2h')
        .argParser(parse.time)
        .default(parse.time('12h'), '12h'),
    )
    .option('--json', 'print JSON lines: one per file as it ends, then a summary')
    .addHelpText(
      'after',
      '\nWithout --json, standard output names the results written, one a line.\nA file that fails leaves the others alone; the exit status is then 1.',
    )
    .action(async (files: string[], options: TranscribeOptions) => {
      const result = await transcribe(files, options, context);
      context.exitWith(exitCodeOf(result.outcomes, result.stop));
    });
}

/** Transcribes files as the options say, and reports on the terminal. */
export async function transcribe(
  files: string[],
  options: TranscribeOptions,
  context: Context,
): Promise<BulkResult> {
  const { terminal, interruption } = context;
  const speech = jobOptions(options);
  const inputs = await findInputs(files, options.recursive === true);
  const plans = await planOutputs(inputs, options.format, options.out);
  const connection = await findConnection(options, terminal.around.env, context.localConnection);
  await checkConnection(connection, interruption);
  await prepareFolders(plans);
  const result = await transcribeAll(plans, {
    run: {
      connection,
      options: speech,
      anew: options.new === true,
      retryForMs: PATIENCE_MS,
      timeoutMs: options.timeout,
      uploads: pLimit(options.concurrency),
      parts: pLimit(options.concurrency),
      downloads: pLimit(options.concurrency),
      waiting: { count: 0 },
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

/** A wrong URL or key is better found before hours of audio are read. */
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
  // In a long run the lines of failed files have scrolled away.
  const failed = outcomes.filter(({ status }) => status === 'failed');
  if (totals.files > 20) {
    for (const { input, error } of failed) terminal.say(`  ${input.path}  ${error?.code}: ${error?.message}`);
  }
  if (stop === undefined) return;
  const left = totals.files - outcomes.length;
  terminal.say(
    `${stop.message}. ${left} of ${totals.files} not finished: run the same command again to go on`,
  );
}
