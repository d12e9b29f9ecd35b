import { type Command, type CommandOptions, Option } from 'commander';
import {
  ANALYSIS_FORMATS,
  type AnalysisFormat,
  isFinal,
  JOB_STATUSES,
  type JobStatus,
  TRANSCRIPT_FORMATS,
  type TranscriptFormat,
} from '../../core/contract/names';
import type { JobView } from '../../core/contract/job';
import { CHAPTER_FORMAT } from '../../core/formats/chapters';
import { analysisLines } from './analysis-view';
import { ApiClient } from '../api/client';
import { type ConnectionOptions, findConnection } from '../api/connection';
import type { Context } from '../context';
import { CliError, UsageError } from '../errors';
import * as parse from '../options';
import { TASKS } from '../../core/tasks';
import { jobLines, jobTable } from './job-views';

const PATIENCE_MS = 5000;
/** The API's largest page. */
const PAGE = 100;

interface JobsOptions extends ConnectionOptions {
  json?: boolean;
}

export function registerJobs(program: Command, context: Context): void {
  const jobs = program
    .command('jobs')
    .summary('list, show, retry, cancel and erase jobs')
    .description('Lists, shows, retries, cancels and erases jobs of the API key.');
  const { terminal } = context;
  const add = (name: string, description: string, settings: CommandOptions = {}) =>
    jobs
      .command(name, settings)
      .description(description)
      .addOption(parse.urlOption())
      .addOption(parse.keyOption())
      .option('--json', 'print one JSON document');
  const connect = async (options: ConnectionOptions) =>
    new ApiClient(await findConnection(options, terminal.around.env, context.localConnection), {
      retryForMs: PATIENCE_MS,
      signal: context.interruption,
    });

  add('list', 'Lists jobs, newest first. "spotscribe jobs" without a command does the same.', {
    isDefault: true,
  })
    .allowExcessArguments()
    .addOption(new Option('--status <status>', 'only jobs with this status').choices(JOB_STATUSES))
    .option('--limit <n>', 'maximum number of jobs', parse.wholeNumber(1, 10_000), 20)
    .action(async (options: JobsOptions & { status?: JobStatus; limit: number }, { args }: Command) => {
      // As the default command, it also receives unknown commands.
      if (args.length > 0) throw new UsageError(`unknown command '${args[0]}': see "spotscribe jobs --help"`);
      const found = await listJobs(await connect(options), options.limit, options.status);
      if (options.json) terminal.json({ object: 'list', data: found });
      else if (found.length === 0) terminal.say('No jobs');
      else terminal.data(jobTable(found));
    });

  add('show <id>', 'Shows a job with its error or receipt.').action(
    async (id: string, options: JobsOptions) => {
      const job = await (await connect(options)).job(id);
      if (options.json) terminal.json(job);
      else terminal.data(jobLines(job));
    },
  );

  add('transcript <id>', 'Prints the transcript of a job.')
    .addOption(
      new Option('--format <format>', TRANSCRIPT_FORMATS.join(', ')).argParser(parse.format).default('txt'),
    )
    .action(async (id: string, options: JobsOptions & { format: TranscriptFormat }) => {
      const format = options.json ? 'json' : options.format;
      terminal.data(await (await connect(options)).transcript(id, format));
    });

  add('analysis <id>', 'Prints the analysis of a job, with the time and the quote of each claim.')
    .addOption(
      new Option('--format <format>', 'txt; or its chapters as JSON of Podcasting 2.0 or WebVTT')
        .choices(['txt', ...ANALYSIS_FORMATS])
        .default('txt'),
    )
    .action(async (id: string, options: JobsOptions & { format: 'txt' | AnalysisFormat }) => {
      const analysis = await (await connect(options)).analysis(id);
      const { format } = options;
      if (options.json || format === 'json') terminal.json(analysis);
      else if (format === 'txt') terminal.data(analysisLines(analysis));
      else if (analysis.chapters !== undefined) terminal.data(CHAPTER_FORMAT[format].render(analysis));
      else throw new CliError('not_found', `The analysis of job ${id} has no chapters: use --tasks chapters`);
    });

  add('result <id>', 'Prints the result of the custom task of a job.').action(
    async (id: string, options: JobsOptions) => {
      terminal.data((await (await connect(options)).result(id, TASKS.custom.resultName)).content);
    },
  );

  add('retry <id>', 'Does the tasks of an ended job that have no result. Its results stay.')
    .option('--missing', 'only what is missing, which is the only kind of retry')
    .action(async (id: string, options: JobsOptions & { missing?: boolean }) => {
      if (options.missing !== true)
        throw new UsageError(`add --missing: "spotscribe jobs retry ${id} --missing"`);
      const job = await (await connect(options)).retry(id);
      if (options.json) terminal.json(job);
      else terminal.say(`Job ${id} is ${job.status} again. See "spotscribe jobs show ${id}"`);
    });

  add('cancel <id>', 'Cancels an open job and erases its input. A retry keeps input and results.').action(
    async (id: string, options: JobsOptions) => {
      const client = await connect(options);
      const { status } = await client.job(id);
      // DELETE of the API erases ended jobs, which "cancel" must not do.
      if (isFinal(status)) {
        throw new CliError(
          'invalid_request',
          `Job ${id} is already ${status}. To erase it, run "spotscribe jobs erase ${id}"`,
        );
      }
      const answer = await client.delete(id);
      if (options.json) terminal.json(answer);
      else
        terminal.say(
          'status' in answer && answer.status === 'succeeded'
            ? `Cancelled the retry of ${id}`
            : `Cancelled ${id}`,
        );
    },
  );

  add(
    'erase <id>',
    'Erases an ended job: its input, results and database row. This cannot be undone.',
  ).action(async (id: string, options: JobsOptions) => {
    const client = await connect(options);
    const { status } = await client.job(id);
    if (!isFinal(status)) {
      throw new CliError(
        'invalid_request',
        `Job ${id} is ${status}. Cancel it first with "spotscribe jobs cancel ${id}"`,
      );
    }
    const answer = await client.delete(id);
    if (options.json) terminal.json(answer);
    else terminal.say(`Erased ${id}`);
  });
}

/**
 * Reads pages until there are enough jobs. With a status, a page before the last may be short or
 * empty.
 */
async function listJobs(client: ApiClient, limit: number, status?: JobStatus): Promise<JobView[]> {
  const found: JobView[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.list({ limit: Math.min(PAGE, limit - found.length), status, cursor });
    found.push(...page.data);
    cursor = page.next;
  } while (cursor !== undefined && found.length < limit);
  return found;
}
