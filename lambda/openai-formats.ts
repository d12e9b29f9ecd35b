import { deflateSync } from 'node:zlib';
import type { Segment, Transcript, Word } from './contract';

// The shapes of OpenAI's transcription API (its reference of `audio/transcriptions`). Twin of `formats/openai.py` in the
// whisper service, but for the tokens: no tokenizer is at hand here.

/** Where diarization was not wanted, or failed, the shape still wants a name. */
const NOBODY = 'unknown';

/** Whisper's names of languages, where Unicode has others. */
const NAMES: Record<string, string> = {
  bn: 'bengali',
  mi: 'maori',
  my: 'myanmar',
  nn: 'nynorsk',
  tl: 'tagalog',
  // Voxtral does not tell what it hears.
  und: 'unknown',
};

/** As `response_format=json`. */
export function plainJson(transcript: Transcript): string {
  const { text, usage, degraded } = common(transcript);
  return JSON.stringify({ text, usage, degraded });
}

/** As `response_format=verbose_json`, with all words. What the engine does not tell is left out. */
export function verboseJson(transcript: Transcript): string {
  const { language, segments } = transcript;
  return JSON.stringify({
    ...common(transcript),
    language: languageName(language),
    segments: segments.map(verboseSegment),
    words: segments.flatMap(({ words }) => words.map(verboseWord)),
  });
}

/** As `response_format=diarized_json`. The words are ours. */
export function diarizedJson(transcript: Transcript): string {
  return JSON.stringify({
    ...common(transcript),
    segments: transcript.segments.map(({ id, start, end, speaker = NOBODY, text, words }) => ({
      type: 'transcript.text.segment',
      id: `seg_${id}`,
      start,
      end,
      speaker,
      text,
      words: words.map(verboseWord),
    })),
  });
}

const common = ({ task = 'transcribe', duration, text, degraded }: Transcript) => ({
  task,
  duration,
  text,
  usage: { type: 'duration', seconds: duration },
  // Ours, where something is missing.
  degraded: degraded.length === 0 ? undefined : degraded,
});

const verboseSegment = ({ id, start, end, text, speaker, avg_logprob, no_speech_prob }: Segment) => ({
  id,
  // In frames of 10 ms.
  seek: Math.round(start * 100),
  start,
  end,
  text,
  tokens: [],
  // Jobs are decoded at the lowest temperature, without a fallback to higher ones.
  temperature: 0,
  avg_logprob,
  compression_ratio: compressionRatio(text),
  no_speech_prob,
  speaker,
});

const verboseWord = ({ word, start, end, interpolated }: Word) => ({ word, start, end, interpolated });

/** As in OpenAI's whisper (utils.py): high where a text repeats itself, often without having been said. */
function compressionRatio(text: string): number {
  const bytes = Buffer.byteLength(text);
  return bytes === 0 ? 0 : Number((bytes / deflateSync(text).length).toFixed(4));
}

/** The English name of an ISO 639-1 code, in small letters. */
function languageName(code: string): string {
  return NAMES[code] ?? new Intl.DisplayNames('en', { type: 'language' }).of(code)?.toLowerCase() ?? code;
}
