import type { Segment, Transcript, TranscriptFormat } from './contract';

/** Content type and file ending of each format. */
export const FORMAT: Record<TranscriptFormat, { type: string; render: (transcript: Transcript) => string }> =
  {
    json: { type: 'application/json', render: (transcript) => JSON.stringify(transcript) },
    txt: { type: 'text/plain; charset=utf-8', render: text },
    srt: { type: 'application/x-subrip; charset=utf-8', render: srt },
    vtt: { type: 'text/vtt; charset=utf-8', render: vtt },
  };

/** One line a segment. */
function text({ segments }: Transcript): string {
  return segments.map((segment) => `${line(segment)}\n`).join('');
}

function srt({ segments }: Transcript): string {
  return cues(segments)
    .map(
      ({ start, end, segment }, index) =>
        `${index + 1}\n${time(start, ',')} --> ${time(end, ',')}\n${line(segment)}\n`,
    )
    .join('\n');
}

function vtt({ segments }: Transcript): string {
  const blocks = cues(segments).map(
    ({ start, end, segment }) => `\n${time(start, '.')} --> ${time(end, '.')}\n${escapeVtt(line(segment))}\n`,
  );
  return `WEBVTT\n${blocks.join('')}`;
}

/** Segments as cues that do not overlap: a player would stack those that do. Times in milliseconds. */
function cues(segments: Segment[]): { start: number; end: number; segment: Segment }[] {
  const spoken = segments.filter(({ text: words }) => words.trim() !== '');
  return spoken.map((segment, index) => {
    const start = Math.round(segment.start * 1000);
    const next = spoken[index + 1];
    const limit = next === undefined ? Infinity : Math.round(next.start * 1000);
    const end = Math.max(start, Math.min(Math.round(segment.end * 1000), limit));
    return { start, end, segment };
  });
}

/** The text on one line: an empty line would end a cue. Players take a lone carriage return for a line's end too. */
const line = ({ text: words, speaker }: Segment) =>
  `${speaker === undefined ? '' : `${speaker}: `}${words.trim().replace(/\s*[\r\n]\s*/g, ' ')}`;

const escapeVtt = (words: string) => words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** Milliseconds as `hours:minutes:seconds`, with more than two digits for 100 hours and over. */
function time(milliseconds: number, point: string): string {
  const part = (value: number, digits: number) => String(value).padStart(digits, '0');
  const seconds = Math.floor(milliseconds / 1000);
  return (
    `${part(Math.floor(seconds / 3600), 2)}:${part(Math.floor(seconds / 60) % 60, 2)}:${part(seconds % 60, 2)}` +
    `${point}${part(milliseconds % 1000, 3)}`
  );
}
