import type { Segment, Transcript } from '../contract/transcript';

/**
 * The segments and words with their times within the recording: aligners and detectors of voices work in frames, the last of
 * which ends after the audio.
 */
export const segmentsInTime = ({ segments, duration }: Transcript): Segment[] => {
  const within = <T extends { start: number; end: number }>(timed: T): T =>
    timed.end <= duration
      ? timed
      : { ...timed, start: Math.min(timed.start, duration), end: Math.min(timed.end, duration) };
  return segments.map((segment) => ({ ...within(segment), words: segment.words.map(within) }));
};
