import { type Command, InvalidArgumentError, Option } from 'commander';
import pLimit from 'p-limit';
import { TASK_NAMES, type TaskName } from '../../core/contract/names';
import type { JobTasks } from '../../core/contract/tasks';
import { type ConnectionOptions, findConnection } from '../api/connection';
import type { Context } from '../context';
import { CliError } from '../errors';
import { EXIT } from '../exit-codes';
import { receiptLine, shown } from '../format';
import * as parse from '../options';
import type { Terminal } from '../terminal';
import { findInputs, type Input } from '../transcribe/inputs';
import { limitsOf, type Run } from '../transcribe/trip';
import { ResultFiles } from './result-files';
import { type FileOptions, type Finished, runFile } from './run-file';
import { RunProgress } from './run-progress';

const PATIENCE_MS = 60_000;

interface RunOptions extends ConnectionOptions, FileOptions {
  concurrency: number;
  timeout: number;
  bulk?: boolean;
  json?: boolean;
}

export function registerRun(program: Command, context: Context): void {
  const { terminal } = context;
  program
    .command('run')
    .summary('do any task of the deployment, such as that of your own model')
    .description(
      'Uploads files, has the deployment do its tasks, and writes each result beside its file. ' +
        'For audio, "spotscribe transcribe" has more options.',
    )
    .argument('<files...>', 'input files')
    .addOption(
      new Option(
        '--task <name[=options]>',
        `task, with its options as a JSON object, such as custom='{"language":"en"}'; can be repeated (default: every task of the deployment)`,
      ).argParser(task),
    )
    .option(
      '--media-type <type>',
      'media type of the files, such as text/plain (default: that of a corpus or a text to speak, by its extension: .jsonl, .ndjson, .parquet, .txt, .md, .ssml, .epub)',
    )
    .option('--out <folder>', 'folder for the results (default: beside each file)')
    .option('--force', 'replace results that exist')
    .addOption(parse.bulkOption())
    .option('--concurrency <n>', 'number of files in work at once', parse.wholeNumber(1, 64), 4)
    .addOption(
      new Option('--timeout <time>', 'time limit for one file, such as 90s, 30m, 2h')
        .argParser(parse.time)
        .default(parse.time('12h'), '12h'),
    )
    .addOption(parse.urlOption())
    .addOption(parse.keyOption())
    .option('--json', 'print JSON lines: one for each file when it ends')
    .addHelpText(
      'after',
      '\nThe result of talk.txt is talk.result.json, or talk.result.txt if it is text. The vectors of corpus.jsonl are ' +
        'in the folder corpus.embedding, in files such as part-000001.jsonl; _embedding.json lists them and the rows ' +
        'that failed. The speech of talk.txt is talk.speech.mp3, and with chapters the folder talk.speech; "spotscribe ' +
        'say" has options for it. If the command is interrupted, run it again: it keeps results that are newer than ' +
        'their files, and files that were sent are not paid twice.',
    )
    .action(async (files: string[], options: RunOptions) => {
      const inputs = await findInputs(files, false, 'name the files in it');
      ResultFiles.checkNames(inputs, options.out);
      const connection = await findConnection(options, terminal.around.env, context.localConnection);
      const run: Run = {
        connection,
        options: {},
        priority: parse.priorityOf(options),
        newJob: false,
        retryForMs: PATIENCE_MS,
        timeoutMs: options.timeout,
        ...limitsOf(options.concurrency),
        interruption: context.interruption,
      };
      const inWork = pLimit(options.concurrency);
      const ended = await Promise.all(
        inputs.map((input) => inWork(() => attempt(input, run, options, context))),
      );
      context.interruption.throwIfAborted();
      if (ended.includes(false)) context.exitWith(EXIT.failed);
    });
}

/** Adds a task given as `name` or `name={…}` to the earlier ones. */
function task(text: string, earlier: JobTasks = {}): JobTasks {
  const [name = '', ...rest] = text.split('=');
  if (!TASK_NAMES.includes(name as TaskName))
    throw new InvalidArgumentError(`"${name}" is not one of ${TASK_NAMES.join(', ')}.`);
  return { ...earlier, [name]: rest.length === 0 ? {} : jsonObject(rest.join('=')) };
}

function jsonObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Refused below.
  }
  throw new InvalidArgumentError(`The options must be a JSON object; got ${text}.`);
}

/** Does the tasks for one file and reports the outcome. Returns false if they failed. */
async function attempt(
  input: Input,
  run: Run,
  options: RunOptions,
  { terminal, interruption }: Context,
): Promise<boolean> {
  try {
    const finished = await runFile(input, run, options, new RunProgress(input, terminal));
    report(input, finished, options, terminal);
    return true;
  } catch (error) {
    if (interruption.aborted || !(error instanceof CliError)) throw error;
    const { code, message } = error;
    if (options.json) terminal.json({ path: input.path, status: 'failed', error: { code, message } });
    else terminal.say(`${input.path}: ${code}: ${message}`);
    return false;
  }
}

function report(input: Input, finished: Finished, { json }: RunOptions, terminal: Terminal): void {
  const { job, files, summaries, remarks } = finished;
  const say = (line: string) => terminal.say(`${shown(input.path)}: ${line}`);
  if (json) terminal.json({ path: input.path, status: job === undefined ? 'skipped' : 'done', job, files });
  else files.forEach((path) => terminal.data(`${path}\n`));
  remarks.forEach(say);
  if (json) return;
  if (job === undefined) return say('skipped, because its results exist');
  const receipt = job.receipt === undefined ? [] : [receiptLine(job.receipt)];
  const parts = [...summaries, ...receipt];
  if (parts.length > 0) say(parts.join('; '));
}
