import type { Segment, Transcript } from '../contract/work/transcript';

/**
 * Returns the segments with all times limited to the duration of the recording. Aligners and voice
 * detectors work in frames, and the last frame may end after the audio.
 */
export const segmentsInTime = ({ segments, duration }: Transcript): Segment[] => {
  const within = <T extends { start: number; end: number }>(timed: T): T =>
    timed.end <= duration
      ? timed
      : { ...timed, start: Math.min(timed.start, duration), end: Math.min(timed.end, duration) };
  return segments.map((segment) => ({ ...within(segment), words: segment.words.map(within) }));
};
