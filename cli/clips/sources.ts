import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { JOB_ID_PATTERN } from '../../core/contract/keys';
import { ANALYSIS_ENDING } from '../../core/contract/names';
import { Analysis } from '../../core/contract/work/analysis';
import { CliError, UsageError } from '../errors';
import { readRecord, recordedFiles } from '../results/record';
import { isAudioName } from '../transcribe/inputs';

/** An analysis and the recording that it is about. */
export interface Source {
  /** Id of the job, or path of the file. */
  name: string;
  analysis: Analysis;
  /** Path of the recording. */
  recording: string;
}

const SUFFIX = `.${ANALYSIS_ENDING.json}`;

/** Whether an argument is the id of a job. */
export const isJobId = (argument: string): boolean => new RegExp(JOB_ID_PATTERN).test(argument);

/**
 * The recording of a job: that of the command, or the one that the records of results in the current folder name.
 *
 * @throws UsageError if it is not known, or is not a file
 */
export async function recordingOfJob(id: string, media?: string): Promise<string> {
  if (media !== undefined) return checkFile(media);
  for (const { path, record } of await recordedFiles('.')) {
    if (record.job === id) return checkSource(path, record.source);
  }
  throw new UsageError(
    `No result in this folder is of job ${id}, so its recording is not known: add --media <file>, or run the ` +
      'command in the folder of the results',
  );
}

/**
 * The analyses of a results folder, or of one file, with their recordings.
 *
 * @throws UsageError if there is none, or a recording is not known; CliError `file_unreadable`
 */
export async function sourcesAt(path: string, media?: string): Promise<Source[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => undefined,
  );
  if (isFolder === undefined)
    throw new UsageError(`${path} is neither the id of a job nor a folder or file with an analysis`);
  const files = isFolder ? await analysesIn(path) : [path];
  if (files.length === 0)
    throw new UsageError(`${path} has no file *${SUFFIX}: transcribe with --tasks highlights,chapters`);
  if (media !== undefined && files.length > 1)
    throw new UsageError(
      `--media is one recording, and ${path} has ${files.length} analyses: name one of them`,
    );
  return Promise.all(
    files.map(async (file) => ({
      name: file,
      analysis: await readAnalysis(file),
      recording: media === undefined ? await recordingOf(file) : await checkFile(media),
    })),
  );
}

const analysesIn = async (folder: string) =>
  (await readdir(folder))
    .filter((name) => name.endsWith(SUFFIX))
    .sort()
    .map((name) => join(folder, name));

async function readAnalysis(path: string): Promise<Analysis> {
  const content = await readFile(path, 'utf8').catch((error: Error) => {
    throw new CliError('file_unreadable', `Cannot read ${path}: ${error.message}`);
  });
  const found = Analysis.safeParse(parsed(content));
  if (found.success) return found.data;
  throw new CliError('file_unreadable', `${path} is not an analysis of Spotscribe`);
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

/** The recording of an analysis, by its record, or the only audio or video with its name. */
async function recordingOf(path: string): Promise<string> {
  const record = await readRecord(path);
  if (record !== undefined && record !== 'unreadable') return checkSource(path, record.source);
  const stem = basename(path, SUFFIX);
  const found = (await readdir(dirname(path))).filter(
    (name) => isAudioName(name) && (name === stem || parse(name).name === stem),
  );
  if (found.length === 1) return join(dirname(path), found[0]!);
  const many = found.length === 0 ? 'No recording belongs' : `${found.join(' and ')} may belong`;
  throw new UsageError(`${many} to ${path}: add --media <file>`);
}

/** @throws UsageError if the path is not a file */
async function checkFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) return path;
  throw new UsageError(`--media ${path} ${found === undefined ? 'does not exist' : 'is not a file'}`);
}

/** @throws UsageError if the recording of a result is gone, or another one has its place */
async function checkSource(result: string, source: { path: string; size: number }): Promise<string> {
  const path = resolve(dirname(result), source.path);
  const found = await stat(path).catch(() => undefined);
  if (found?.size === source.size) return path;
  const what = found === undefined ? 'is gone' : 'was changed since';
  throw new UsageError(`${path}, the recording of ${result}, ${what}: add --media <file>`);
}
