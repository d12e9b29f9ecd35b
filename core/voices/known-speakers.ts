import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { JobRow } from '../contract/job';
import type { JobTasks, SubmittedTasks } from '../contract/tasks';
import type { SubmittedOptions } from '../contract/work/options';
import { KEY } from '../contract/keys';
import { recordingIn } from '../forms/data-url';

/** The tasks of a job, without what only its request has. */
export interface TasksToKeep {
  tasks: JobTasks;
  /** Recordings of the known speakers, in the order of their names. */
  recordings: Buffer[];
  /** The kept voices that the request names. @default - none */
  voices?: SubmittedOptions['voices'];
}

/**
 * Parts the recordings and voices from the tasks of a request. A row has at most 400 KB, and it lives
 * longer than the recordings.
 */
export function tasksToKeep({ transcription, ...others }: SubmittedTasks): TasksToKeep {
  if (transcription === undefined) return { tasks: others, recordings: [] };
  const tasks = { transcription: keptOptions(transcription), ...others };
  return { tasks, recordings: recordingsOf(transcription), voices: transcription.voices };
}

/** The recordings of known speakers in valid options. */
export const recordingsOf = ({
  known_speaker_references: urls = [],
}: Pick<SubmittedOptions, 'known_speaker_references'>): Buffer[] =>
  urls.flatMap((url) => recordingIn(url) ?? []);

type OnlySubmitted = 'known_speaker_references' | 'voices';

/** Options without the recordings of known speakers and the choice of voices. */
export const keptOptions = <T extends Pick<SubmittedOptions, OnlySubmitted>>({
  known_speaker_references: _references,
  voices: _voices,
  ...options
}: T): Omit<T, OnlySubmitted> => options;

/** Keys of the recordings of a job. Undefined if it has none. */
export const recordingKeys = (id: string, { length }: readonly Buffer[]): string[] | undefined =>
  length === 0 ? undefined : Array.from({ length }, (_, index) => KEY.speaker(id, index + 1));

/**
 * Stores the recordings of a job's known speakers, before its input: its arrival starts the job. May
 * be repeated.
 */
export async function keepRecordings(
  s3: S3Client,
  bucket: string,
  { status, speaker_recordings: keys = [] }: Pick<JobRow, 'status' | 'speaker_recordings'>,
  recordings: readonly Buffer[],
  signal?: AbortSignal,
): Promise<void> {
  if (status !== 'awaiting_upload') return;
  await Promise.all(
    // Of kept voices, no recordings are sent.
    recordings.map((Body, index) =>
      s3.send(new PutObjectCommand({ Bucket: bucket, Key: keys[index], Body }), { abortSignal: signal }),
    ),
  );
}
