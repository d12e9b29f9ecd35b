import type { Segment, Transcript, Word } from '../contract/work/transcript';
import { languageName, spaceBetween } from '../forms/languages';
import { clean } from './characters';
import { compressedLength } from './compressed-length';
import { halvesUp } from './rounding';
import { segmentsInTime } from './segments-in-time';

// The shapes of OpenAI's transcription API (its reference of `audio/transcriptions`). Twin of `formats/openai.py` in the
// whisper service, but for the tokens: no tokenizer is at hand here.

/** Where diarization was not wanted, or failed, or a name is blank, the shape still wants one. */
const NOBODY = 'unknown';

/** Voxtral does not say which language it hears. */
const UNDETERMINED = 'und';

/** As `response_format=text`. */
export const plainText = ({ text }: Transcript) => `${text}\n`;

/**
 * As `response_format=json`.
 *
 * @param withLanguages says which languages were heard, as OpenAI's gpt-transcribe does; none if that is not known
 */
export const plainJson = (transcript: Transcript, withLanguages = false): string =>
  JSON.stringify(plain(transcript, withLanguages));

function plain(transcript: Transcript, withLanguages: boolean) {
  const { text, usage, track, degraded } = common(transcript);
  const { language, segments } = transcript;
  const codes = new Set([language, ...segments.flatMap((segment) => segment.language ?? [])]);
  const languages = language === UNDETERMINED || text === '' ? [] : [...codes].map((code) => ({ code }));
  return { text, ...(withLanguages && { languages }), usage, track, degraded };
}

/** What `verbose_json` lists, as `timestamp_granularities` says. */
export const GRANULARITIES = ['word', 'segment'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

/** As `response_format=verbose_json`. What the engine does not tell is left out. */
export function verboseJson(
  transcript: Transcript,
  granularities: readonly Granularity[] = GRANULARITIES,
): string {
  const { language } = transcript;
  const segments = segmentsInTime(transcript);
  const spoken = segments.map((segment) => segment.language ?? language);
  return JSON.stringify({
    ...common(transcript),
    language: nameOf(language),
    segments: granularities.includes('segment')
      ? segments.map((segment, at) => verboseSegment(segment, spaceBetween(spoken[at - 1], spoken[at]!)))
      : undefined,
    words: granularities.includes('word')
      ? segments.flatMap(({ words }) => words.map(verboseWord))
      : undefined,
  });
}

/** As `response_format=diarized_json`. The words are ours. */
export function diarizedJson(transcript: Transcript): string {
  return JSON.stringify({
    ...common(transcript),
    segments: segmentsInTime(transcript).map(diarizedSegment),
  });
}

/**
 * As `stream=true`: the events that a service sends while it works.
 *
 * @param withLanguages as for {@link plainJson}
 */
export function events(transcript: Transcript, format: string, withLanguages = false): string {
  const sent: object[] = deltas(transcript).map((delta) => ({ type: 'transcript.text.delta', delta }));
  if (format === 'diarized_json') sent.push(...segmentsInTime(transcript).map(diarizedSegment));
  sent.push({ type: 'transcript.text.done', ...plain(transcript, withLanguages) });
  return sent.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
}

/** The text in one piece for each segment, with the space before it that the language has, if it has any. */
function deltas({ text, segments }: Transcript): string[] {
  const found: string[] = [];
  let end = 0;
  for (const segment of segments) {
    const at = text.indexOf(segment.text, end);
    if (at < 0) continue;
    found.push(text.slice(end, at + segment.text.length));
    end = at + segment.text.length;
  }
  if (end < text.length) found.push(text.slice(end));
  return found;
}

const diarizedSegment = ({ id, start, end, speaker = '', channel, text, words }: Segment) => ({
  type: 'transcript.text.segment',
  id: `seg_${id}`,
  start,
  end,
  speaker: clean(speaker) === '' ? NOBODY : speaker,
  // Ours, if channels were transcribed separately.
  channel,
  text,
  words: words.map(verboseWord),
});

const common = ({ task = 'transcribe', duration, text, track, degraded }: Transcript) => ({
  task,
  duration,
  text,
  usage: { type: 'duration', seconds: duration },
  // Ours, if the file has several sound tracks.
  track,
  // Ours, where something is missing.
  degraded: degraded.length === 0 ? undefined : degraded,
});

const verboseSegment = (
  { id, start, end, text, language, speaker, channel, avg_logprob, no_speech_prob }: Segment,
  space: string,
) => ({
  id,
  // In frames of 10 ms.
  seek: halvesUp(start * 100),
  start,
  end,
  // As Whisper's: the texts of all segments, joined as they are, give the text.
  text: `${text === '' ? '' : space}${text}`,
  tokens: [],
  // Jobs are decoded at the lowest temperature, without a fallback to higher ones.
  temperature: 0,
  avg_logprob,
  compression_ratio: compressionRatio(text),
  no_speech_prob,
  speaker,
  channel,
  // Ours, if there are several.
  language: language === undefined ? undefined : nameOf(language),
});

const verboseWord = ({ word, start, end, interpolated }: Word) => ({ word, start, end, interpolated });

const ENCODER = new TextEncoder();

/** As in OpenAI's whisper (utils.py): high for text that repeats itself, which often was not said. */
function compressionRatio(text: string): number {
  const bytes = ENCODER.encode(text);
  return halvesUp((bytes.length / compressedLength(bytes)) * 10_000) / 10_000;
}

const nameOf = (code: string) => (code === UNDETERMINED ? 'unknown' : (languageName(code) ?? code));
