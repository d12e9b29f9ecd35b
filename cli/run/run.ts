import { type Command, InvalidArgumentError, Option } from 'commander';
import pLimit from 'p-limit';
import type { JobView } from '../../core/contract/job';
import { TASK_NAMES, type TaskName } from '../../core/contract/names';
import type { JobTasks } from '../../core/contract/tasks';
import { TASKS } from '../../core/tasks';
import { type ConnectionOptions, findConnection } from '../api/connection';
import type { Context } from '../context';
import { CliError } from '../errors';
import { EXIT } from '../exit-codes';
import { receiptLine } from '../format';
import * as parse from '../options';
import { findInputs, type Input } from '../transcribe/inputs';
import { failureOf, sendInTime, waitFor } from '../transcribe/job-of-file';
import { limitsOf, type Run } from '../transcribe/trip';
import { ResultFiles } from './result-files';

const PATIENCE_MS = 60_000;

interface RunOptions extends ConnectionOptions {
  task?: JobTasks;
  mediaType?: string;
  out?: string;
  force?: boolean;
  concurrency: number;
  timeout: number;
  json?: boolean;
}

/** A finished file. Without a job, its results are those of an earlier run. */
interface Finished {
  job?: JobView;
  /** Paths of the results. */
  files: string[];
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
    .option('--media-type <type>', 'media type of the files, such as text/plain')
    .option('--out <folder>', 'folder for the results (default: beside each file)')
    .option('--force', 'replace results that exist')
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
      '\nThe result of talk.txt is talk.result.json, or talk.result.txt if it is text. If the command is interrupted, ' +
        'run it again: it keeps results that are newer than their files, and files that were sent are not paid twice.',
    )
    .action(async (files: string[], options: RunOptions) => {
      const inputs = await findInputs(files, false);
      ResultFiles.checkNames(inputs, options.out);
      const connection = await findConnection(options, terminal.around.env, context.localConnection);
      const run: Run = {
        connection,
        options: {},
        named: { tasks: options.task, media_type: options.mediaType },
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
    const { job, files } = await runFile(input, run, options);
    const status = job === undefined ? 'skipped' : 'done';
    if (options.json) terminal.json({ path: input.path, status, job, files });
    else files.forEach((path) => terminal.data(`${path}\n`));
    if (options.json) return true;
    const end =
      job === undefined ? 'skipped, because its results exist' : job.receipt && receiptLine(job.receipt);
    if (end !== undefined) terminal.say(`${input.path}: ${end}`);
    return true;
  } catch (error) {
    if (interruption.aborted || !(error instanceof CliError)) throw error;
    const { code, message } = error;
    if (options.json) terminal.json({ path: input.path, status: 'failed', error: { code, message } });
    else terminal.say(`${input.path}: ${code}: ${message}`);
    return false;
  }
}

async function runFile(input: Input, run: Run, { out, force = false, task }: RunOptions): Promise<Finished> {
  const results = new ResultFiles(input, out);
  const earlier = async (name: TaskName) => (force ? undefined : results.earlier(name));
  const named = Object.keys(task ?? {}) as TaskName[];
  const kept = (await Promise.all(named.map(earlier))).filter((path) => path !== undefined);
  if (named.length > 0 && kept.length === named.length) return { files: kept };
  return sendInTime(
    input,
    run,
    () => undefined,
    async (sent, trip) => {
      const job = await waitFor(sent.job, trip, run.waiting, async () => undefined);
      if (job.status !== 'succeeded') throw failureOf(job);
      const write = async (name: TaskName) => {
        const { content, type } = await run.downloads(() =>
          trip.client.result(job.id, TASKS[name].resultName),
        );
        return results.write(name, content, type, force);
      };
      const files: string[] = [];
      for (const name of Object.keys(job.results) as TaskName[])
        files.push((await earlier(name)) ?? (await write(name)));
      return { job, files };
    },
  );
}
