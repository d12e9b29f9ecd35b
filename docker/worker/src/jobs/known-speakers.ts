import type { JobRow } from '../../../../core/contract/job';
import { SHARED } from '../../../../core/contract/keys';
import { SPEAKER_LIMITS } from '../../../../core/contract/limits';
import { KNOWN_SPEAKERS } from '../../../../core/contract/names';
import { shown } from '../../../../core/contract/text';
import type { Degradation } from '../../../../core/contract/values';
import { tasksOf } from '../../../../core/jobs/job-tasks';
import type { SpeakerRecording } from '../../../../core/tasks/task';
import { asSpotscribeError } from '../errors';
import { download } from './download';
import type { InputTools } from './job-input';

/** The known speakers of a job whose recordings are on the shared volume, and what is missing. */
export interface KnownSpeakers {
  speakers: readonly SpeakerRecording[];
  lost: readonly Degradation[];
}

/**
 * Downloads the recordings of a job's known speakers to the shared folder, which has been prepared for
 * its input. A recording that cannot be read is reported, and its name is left
 * out.
 *
 * @returns undefined if the job has no recordings
 * @throws SpotscribeError that is not permanent
 */
export async function fetchSpeakers(
  tools: InputTools,
  row: JobRow,
  signal: AbortSignal,
): Promise<KnownSpeakers | undefined> {
  const { speaker_recordings: keys } = row;
  const { known_speaker_names: names = [] } = tasksOf(row).transcription ?? {};
  if (keys === undefined) return undefined;
  const speakers: SpeakerRecording[] = [];
  const lost: Degradation[] = [];
  for (const [index, name] of names.entries()) {
    const path = SHARED.speaker(row.id, index + 1);
    try {
      await fetchRecording(tools, keys[index] ?? '', path, signal);
      speakers.push({ name, path });
    } catch (error) {
      const failure = asSpotscribeError(error);
      if (signal.aborted || !failure.permanent) throw error;
      const reason = `${shown(name)} is not known by voice: ${failure.message}`;
      lost.push({ stage: KNOWN_SPEAKERS, reason });
    }
  }
  return { speakers, lost };
}

async function fetchRecording(
  { s3, bucket, scratch }: InputTools,
  key: string,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const limits = {
    // Its data URL is longer.
    maxBytes: SPEAKER_LIMITS.reference,
    freeBytes: () => scratch.free(),
    what: 'recording',
  };
  await download(s3, { Bucket: bucket, Key: key }, scratch.path(path), limits, signal);
}
