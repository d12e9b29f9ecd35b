import type { Segment, Transcript } from '../contract/work/transcript';
import type { TranscriptFormat } from '../contract/names';
import type { Layout } from './cue-lines';
import { clean } from './characters';
import { type Cue, cues, prefix } from './cues';
import { diarizedJson, verboseJson } from './openai-formats';
import { segmentsInTime } from './segments-in-time';

/** Content type of each format, and how it is made. */
export const FORMAT: Record<TranscriptFormat, { type: string; render: (transcript: Transcript) => string }> =
  {
    json: { type: 'application/json', render: (transcript) => JSON.stringify(transcript) },
    txt: { type: 'text/plain; charset=utf-8', render: text },
    srt: { type: 'application/x-subrip; charset=utf-8', render: (transcript) => srt(transcript, LAYOUT) },
    vtt: { type: 'text/vtt; charset=utf-8', render: (transcript) => vtt(transcript, LAYOUT) },
    verbose_json: { type: 'application/json', render: (transcript) => verboseJson(transcript) },
    diarized_json: { type: 'application/json', render: diarizedJson },
  };

/** Netflix's for English: two lines of 42 characters. */
const LAYOUT: Layout = { maxLineWidth: 42, maxLineCount: 2, highlightWords: false };

/** One line a segment. */
function text({ segments }: Transcript): string {
  return segments.map((segment) => `${line(segment)}\n`).join('');
}

/**
 * The transcript as SubRip: a cue is prefixed with its speaker where that is another than before.
 *
 * Twin, as is {@link vtt}, of `formats/subtitles.py` in the whisper service.
 */
export function srt(transcript: Transcript, layout: Layout): string {
  return cues(segmentsInTime(transcript), layout, true, transcript.duration)
    .map((cue, index) => `${index + 1}\n${times(cue, ',')}\n${srtText(cue)}\n`)
    .join('\n');
}

/** The transcript as WebVTT: a speaker is the voice of a cue. */
export function vtt(transcript: Transcript, layout: Layout): string {
  const found = cues(segmentsInTime(transcript), layout, false, transcript.duration);
  const blocks = found.map((cue) => `\n${times(cue, '.')}\n${vttText(cue)}\n`);
  return `WEBVTT\n${blocks.join('')}`;
}

/** The segment on one line, whatever a player or an editor takes for a line's end. */
function line({ text: words, speaker = '' }: Segment): string {
  const name = clean(speaker);
  return `${prefix(name === '' ? undefined : name)}${clean(words)}`;
}

function srtText(cue: Cue): string {
  const name = cue.named ? withoutMarkup(prefix(cue.speaker)) : '';
  const [first = '', ...rest] = linesOf(cue, withoutMarkup);
  return [`${name}${first}`.replace(/ $/, ''), ...rest].join('\n');
}

function vttText(cue: Cue): string {
  const voice = cue.speaker === undefined ? '' : `<v ${escaped(cue.speaker)}>`;
  return voice + linesOf(cue, escaped).join('\n');
}

function linesOf({ lines, highlight }: Cue, written: (words: string) => string): string[] {
  let number = 0;
  return lines.map((words) =>
    words
      .map((word, index) => {
        const shown = number === highlight ? `<u>${written(word.text)}</u>` : written(word.text);
        number += 1;
        return index > 0 && word.spaced ? ` ${shown}` : shown;
      })
      .join(''),
  );
}

/** SubRip cannot escape: players drop or obey what looks like a tag, and an arrow makes a line of times. */
const withoutMarkup = (words: string) => words.replace(/</g, '\u2039').replace(/>/g, '\u203a');

/** Text of a WebVTT cue. */
export const escaped = (words: string) =>
  words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

const times = ({ start, end }: Cue, point: string) => `${cueTime(start, point)} --> ${cueTime(end, point)}`;

/** Milliseconds as `hours:minutes:seconds`, with more than two digits for 100 hours and over. */
export function cueTime(milliseconds: number, point: string): string {
  const part = (value: number, digits: number) => String(value).padStart(digits, '0');
  const seconds = Math.floor(milliseconds / 1000);
  return (
    `${part(Math.floor(seconds / 3600), 2)}:${part(Math.floor(seconds / 60) % 60, 2)}:${part(seconds % 60, 2)}` +
    `${point}${part(milliseconds % 1000, 3)}`
  );
}
