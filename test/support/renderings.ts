import type { Transcript } from '../../core/contract/work/transcript';
import type { Layout } from '../../core/formats/cue-lines';
import { srt, vtt } from '../../core/formats/formats';
import {
  diarizedJson,
  events,
  type Granularity,
  plainJson,
  plainText,
  verboseJson,
} from '../../core/formats/openai-formats';

/** A transcript, and how its answers are to look: `given.json` of a fixture. */
export interface Given {
  layout: { max_line_width: number; max_line_count: number; highlight_words: boolean };
  /** @default ['segment'] */
  granularities?: Granularity[];
  /** Whether `json` says which languages were heard. @default false */
  languages?: boolean;
  transcript: Transcript;
}

/** The formats that the whisper service has as well; `stream` is what `stream=true` sends for `diarized_json`. */
export const FORMATS = ['srt', 'vtt', 'text', 'json', 'verbose_json', 'diarized_json', 'stream'] as const;
export type Format = (typeof FORMATS)[number];

/** The answers in all formats. Twin of `spotscribe_testing/renderings.py`, which asks the whisper service's code. */
export function renderings(given: Given): Record<Format, string> {
  const { transcript, granularities = ['segment'], languages = false } = given;
  const layout: Layout = {
    maxLineWidth: given.layout.max_line_width,
    maxLineCount: given.layout.max_line_count,
    highlightWords: given.layout.highlight_words,
  };
  return {
    srt: srt(transcript, layout),
    vtt: vtt(transcript, layout),
    text: plainText(transcript),
    json: plainJson(transcript, languages),
    verbose_json: verboseJson(transcript, granularities),
    diarized_json: diarizedJson(transcript),
    stream: events(transcript, 'diarized_json', languages),
  };
}
