import { buffer } from 'node:stream/consumers';
import { CHARACTERS_HEADER, IGNORED_HEADER, VOICE_HEADER } from '../../core/contract/http';
import type { JobView } from '../../core/contract/job';
import type { SpeechOptions } from '../../core/contract/work/options';
import type { SpeechView } from '../../core/contract/work/speech';
import { ApiClient, type Connection } from '../api/client';
import { deployedModel } from '../api/deployed-model';
import type { Patience } from '../api/retry';
import { CliError } from '../errors';
import { shown } from '../format';
import { fetchAll, fetchOne, listFiles } from '../run/fetch-files';
import { KINDS } from '../run/files-kinds';
import { ResultFolder } from '../run/result-folder';
import { RunProgress } from '../run/run-progress';
import { leftOutLines, speechLine } from '../run/speech-lines';
import type { Terminal } from '../terminal';
import type { Input } from '../transcribe/inputs';
import { doInTime } from '../transcribe/job-of-file';
import type { Run } from '../transcribe/trip';
import { type Target, writeSpeech } from './target';

/** What was spoken. */
export interface Said {
  /** The job, if there was one. */
  job?: JobView;
  /** In a few words. */
  summary: string;
  /** What is missing. */
  remarks: string[];
}

interface Saying {
  options: SpeechOptions;
  target: Target;
  /** Whether to replace files. */
  force: boolean;
  terminal: Terminal;
}

/** Speaks a short text with one request. */
export async function sayAtOnce(
  text: string,
  { options, target, force, terminal }: Saying,
  connection: Connection,
  patience: Patience,
): Promise<Said> {
  const client = new ApiClient(connection, patience);
  const none = new CliError(
    'not_found',
    `${connection.url} does not speak. Use the URL of a deployment of the path TextToSpeech`,
  );
  const model = await deployedModel(client, none);
  const { voice, speed, language } = options;
  const request = { model, input: text, response_format: target.format, voice, speed, language };
  const { content, headers } = await client.speech(request).catch((error: unknown) => {
    // A deployment of another path has models, but not this route.
    throw error instanceof CliError && error.code === 'not_found' ? none : error;
  });
  if (target.to === 'stdout') terminal.data(content);
  else await writeSpeech(target.path, content, force);
  const characters = headers.get(CHARACTERS_HEADER) ?? String([...text].length);
  const by = headers.get(VOICE_HEADER) ?? voice;
  const ignored = headers.get(IGNORED_HEADER);
  return {
    summary: `${shown(characters)} characters${by === undefined ? '' : ` by ${shown(by)}`}`,
    remarks: ignored === null ? [] : [`without effect: ${shown(ignored)}`],
  };
}

/** Speaks a text of any length with a job. */
export function sayByJob(
  input: Input,
  mediaType: string | undefined,
  { options, target, force, terminal }: Saying,
  run: Run,
): Promise<Said> {
  const progress = new RunProgress(input, terminal);
  const named = { tasks: { speech: options }, media_type: mediaType };
  return doInTime(
    input,
    { ...run, named },
    (activity) => progress.activity(activity),
    async (job, { client }) => {
      const fetching = { client, job: job.id, task: 'speech' } as const;
      const view = (await listFiles(fetching)) as SpeechView;
      const [file] = view.files;
      if (target.to === 'folder') {
        const folder = new ResultFolder(target.path, KINDS.speech, input);
        const onFile = (done: number, of: number) => progress.fetching(done, of);
        await fetchAll(fetching, view, folder, { downloads: run.downloads, force, onFile });
      } else if (file === undefined) {
        throw new CliError('internal', `The speech of job ${job.id} has no file`);
      } else if (target.to === 'file') {
        await fetchOne(fetching, file, target.path, force);
      } else {
        // Kept until it is whole: a download that failed begins again.
        let whole = Buffer.of();
        await client.saveFile(job.id, 'speech', file, async (content) => {
          whole = await buffer(content);
        });
        terminal.data(whole);
      }
      return { job, summary: speechLine(view), remarks: leftOutLines(view) };
    },
  );
}
