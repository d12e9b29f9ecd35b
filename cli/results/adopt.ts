import { basename } from 'node:path';
import pLimit from 'p-limit';
import type { JobView } from '../../core/contract/job';
import type { TranscriptFormat } from '../../core/contract/names';
import { CHAPTER_FORMAT } from '../../core/formats/chapters';
import type { ApiClient } from '../api/client';
import type { Input } from '../transcribe/inputs';
import { type Found, hashOf, hashOfInput, sourcePath } from './inspect';
import type { AnalysisOutput } from './outputs';
import { writeRecord } from './record';

/** A result file: a transcript, an analysis or its chapters. */
export interface ResultFile {
  path: string;
  format: TranscriptFormat | AnalysisOutput['format'];
}

/** Fetches a result in the form in which it is written to a file. Undefined if the analysis has no chapters. */
export async function resultOf(
  client: ApiClient,
  job: string,
  format: ResultFile['format'],
): Promise<Buffer | undefined> {
  if (format !== 'analysis' && format !== 'chapters') return client.transcript(job, format);
  const analysis = await client.analysis(job);
  if (format === 'analysis') return Buffer.from(`${JSON.stringify(analysis, undefined, 2)}\n`);
  return analysis.chapters && Buffer.from(CHAPTER_FORMAT.chapters.render(analysis));
}

/** Maximum number of pages of 100 jobs that are read. */
const MOST_PAGES = 100;
/** Maximum number of jobs with the same name whose transcripts are compared with the files. */
const MOST_COMPARED = 5;

/** Jobs of the API key, newest first. Pages are read only when needed. */
export class EarlierJobs {
  private readonly jobs: JobView[] = [];
  private readonly oneReader = pLimit(1);
  private pages = 0;
  private next: string | undefined;

  constructor(private readonly client: ApiClient) {}

  /** Jobs that may have been created from this recording, judged by name and time. */
  of({ path, modifiedMs }: Input): Promise<JobView[]> {
    return this.oneReader(async () => {
      while (this.reachMs() >= modifiedMs && this.pages < MOST_PAGES) {
        const page = await this.client.list({ limit: 100, cursor: this.next });
        this.jobs.push(...page.data);
        this.next = page.next;
        this.pages = page.next === undefined ? MOST_PAGES : this.pages + 1;
      }
      const named = this.jobs.filter(
        ({ name, created_at }) => name === basename(path) && Date.parse(created_at) >= modifiedMs,
      );
      return named
        .filter(({ status, stages }) => status === 'succeeded' && stages.transcript !== 'failed')
        .slice(0, MOST_COMPARED);
    });
  }

  private reachMs(): number {
    const last = this.jobs.at(-1);
    return last === undefined ? Infinity : Date.parse(last.created_at);
  }
}

/**
 * Adopts files without a record if they are results of Spotscribe, for example of a version without
 * records: their contents must equal the results of a job of this recording. Thus nothing is paid
 * twice.
 */
export async function adoptByJobs(
  files: (ResultFile & { found: Found })[],
  input: Input,
  jobs: EarlierJobs,
  client: ApiClient,
): Promise<void> {
  for (const job of await jobs.of(input)) {
    const given = await Promise.all(files.map(({ format }) => hashOfResult(client, job, format)));
    if (files.some(({ found }, index) => found.sha256 === undefined || found.sha256 !== given[index]))
      continue;
    for (const file of files) await adopt(file, input, job);
    return;
  }
}

async function hashOfResult(client: ApiClient, job: JobView, format: ResultFile['format']) {
  const isAnalysis = format === 'analysis' || format === 'chapters';
  if (isAnalysis && job.stages.analysis !== 'succeeded') return undefined;
  const content = await resultOf(client, job.id, format);
  return content && hashOf(content);
}

/**
 * Writes a record, so that the file counts as a result that Spotscribe made from the current
 * recording.
 */
export async function adopt(
  { path, format, found }: ResultFile & { found: Found },
  input: Input,
  job?: JobView,
): Promise<void> {
  await writeRecord(path, {
    version: 1,
    sha256: found.sha256 ?? '',
    finished: true,
    format,
    job: job?.id,
    options: job === undefined ? undefined : { ...job.options },
    source: {
      path: sourcePath(input, path),
      size: input.size,
      modified_ms: input.modifiedMs,
      sha256: await hashOfInput(input),
    },
    written_at: new Date(found.modifiedMs ?? Date.now()).toISOString(),
  });
}
