import { join } from 'node:path';
import type { Command } from 'commander';
import pLimit from 'p-limit';
import type { Analysis } from '../../core/contract/work/analysis';
import type { JobOptions } from '../../core/contract/work/options';
import type { JobView } from '../../core/contract/job';
import { OUTPUT } from '../../core/contract/environment';
import type { Transcript } from '../../core/contract/work/transcript';
import { isAlive } from '../../local/processes';
import { type LocalState, readLocalState } from '../../local/state';
import { analysisLines } from '../jobs/analysis-view';
import { ApiClient, type Connection } from '../api/client';
import type { Context } from '../context';
import { CliError } from '../errors';
import { findInputs, type Input } from '../transcribe/inputs';
import { jobLines } from '../jobs/job-views';
import { endLocal, startLocal } from './local';
import { noTotals } from '../transcribe/outcome';
import { LiveProgress, PlainProgress } from '../transcribe/progress';
import { transcribeFile } from '../transcribe/transcribe-file';
import { transcriptLines } from '../jobs/transcript-view';

interface DemoOptions {
  path?: string;
  keep?: boolean;
  diarize?: boolean;
  json?: boolean;
}

const SAMPLE = join(__dirname, '..', '..', 'samples', 'two-readers.opus');
const TIMEOUT_MS = 15 * 60_000;
const PATIENCE_MS = 10_000;

export function registerDemo(program: Command, context: Context): void {
  program
    .command('demo')
    .summary('run a demo on this machine, without an AWS account')
    .description(
      'Starts a local AWS, deploys to it, transcribes a sample, prints the words with their times and the ' +
        'receipt, and stops the local AWS. If a local AWS is already running, it is used and left running.',
    )
    .argument('[file]', 'audio to transcribe (default: the sample)')
    .option('--path <id>', 'deployment path (default: that of the running local AWS, or DockerGpu)')
    .option('--diarize', 'identify speakers; installs the diarizer (several GB, once)')
    .option('--keep', 'leave the local AWS running')
    .option('--json', 'print one JSON document: the job and its transcript')
    .action((file: string | undefined, options: DemoOptions) => demo(file, options, context));
}

async function demo(
  file: string | undefined,
  { path, keep, diarize, json }: DemoOptions,
  context: Context,
): Promise<void> {
  const { terminal } = context;
  const [input] = await findInputs([file ?? SAMPLE], false);
  if (input === undefined) return;
  const earlier = readLocalState();
  const runsAlready = earlier !== undefined && isAlive(earlier.owner);
  const leave = keep === true || runsAlready;
  try {
    const state = await startLocal({ path, diarize, setting: {} }, context);
    const { job, transcript, analysis } = await transcribeOne(
      input,
      // The laptop's model knows English only, and would report that it was not told the language.
      { ...(diarize === true && { diarize }), ...(file === undefined && { language: 'en' }) },
      connectionTo(state),
      context,
    );
    if (json === true) terminal.json({ job, transcript, analysis });
    else {
      const parts = [
        transcript && transcriptLines(transcript),
        analysis && analysisLines(analysis),
        jobLines(job),
      ];
      terminal.data(parts.filter((part) => part !== undefined).join('\n'));
    }
    if (leave) terminal.say('The local AWS is still running. Stop it with "spotscribe local down"');
  } finally {
    if (!leave) {
      terminal.say('Stopping the local AWS');
      await endLocal({}, context);
    }
  }
}

function connectionTo({ outputs, key }: LocalState): Connection {
  const url = outputs[OUTPUT.apiUrl];
  if (url !== undefined && key !== undefined) return { url, key };
  throw new CliError('internal', 'The local AWS has no API or no key. Stop it with "spotscribe local down"');
}

async function transcribeOne(
  input: Input,
  options: JobOptions,
  connection: Connection,
  { terminal, interruption }: Context,
): Promise<{ job: JobView; transcript?: Transcript; analysis?: Analysis }> {
  const progress = terminal.live ? new LiveProgress(terminal, noTotals(1)) : new PlainProgress(terminal);
  try {
    const run = {
      connection,
      options,
      // The demo shows a new run, not the result of an earlier one.
      newJob: true,
      retryForMs: PATIENCE_MS,
      timeoutMs: TIMEOUT_MS,
      uploads: pLimit(1),
      parts: pLimit(1),
      downloads: pLimit(1),
      waiting: { count: 0 },
      interruption,
    };
    const { job } = await transcribeFile(input, { outputs: [], analysis: [] }, run, (activity) =>
      progress.activity(input, activity),
    );
    const client = new ApiClient(connection, { retryForMs: PATIENCE_MS, signal: interruption });
    const transcript =
      job.stages.transcript === 'succeeded'
        ? (JSON.parse((await client.transcript(job.id, 'json')).toString()) as Transcript)
        : undefined;
    const analysis = job.stages.analysis === 'succeeded' ? await client.analysis(job.id) : undefined;
    return { job, transcript, analysis };
  } finally {
    progress.close();
  }
}
