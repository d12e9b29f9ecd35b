import type { SpeechView } from '../../core/contract/work/speech';
import { duration, shown } from '../format';

/** What was spoken: `3:21 of speech by af_heart, 2 chapters`. */
export const speechLine = ({ seconds, voice, chapters }: SpeechView): string => {
  const parts = chapters.length > 1 ? `, ${chapters.length} chapters` : '';
  return `${duration(seconds)} of speech by ${shown(voice)}${parts}`;
};

/** What was not spoken, or is missing in the files. */
export const leftOutLines = ({ degraded }: SpeechView): string[] =>
  degraded.map(({ reason }) => shown(reason));
