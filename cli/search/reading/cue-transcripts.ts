import type { Stretch } from '../../../core/formats/sentences';

const TIMES =
  /^\s*(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})\s*-->\s*(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})/;

interface Cue {
  start: number;
  end: number;
  lines: string[];
}

/**
 * Reads SubRip. A cue that begins with `Name: ` names its speaker, who also says the following cues.
 *
 * @returns undefined if it has no cues
 */
export function srtStretches(text: string): Stretch[] | undefined {
  const found = cues(text);
  if (found === undefined) return undefined;
  return withSpeakers(
    found.map(({ start, end, lines }) => ({ start, end, text: unmarked(lines.join('\n')) })),
  );
}

/** Reads WebVTT. The voice of a cue is its speaker. @returns undefined if it has no cues */
export function vttStretches(text: string): Stretch[] | undefined {
  return cues(text)?.map(({ start, end, lines }) => {
    const content = lines.join('\n');
    const speaker = /<v(?:\.[^\s>]*)?\s+([^>]+)>/.exec(content)?.[1]?.trim();
    return {
      start,
      end,
      text: unescaped(unmarked(content)),
      ...(speaker !== undefined && speaker !== '' && { speaker: unescaped(speaker) }),
    };
  });
}

/** Cues are separated by blank lines; the line of times may follow a number or a name. */
function cues(text: string): Cue[] | undefined {
  const found: Cue[] = [];
  let current: Cue | undefined;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const match = TIMES.exec(line);
    if (match !== null) {
      current = { start: seconds(match.slice(1, 5)), end: seconds(match.slice(5, 9)), lines: [] };
      if (current.end >= current.start) found.push(current);
    } else if (line.trim() === '') {
      current = undefined;
    } else {
      current?.lines.push(line);
    }
  }
  return found.length === 0 ? undefined : found;
}

function seconds([hours = '0', minutes = '0', whole = '0', fraction = '0']: string[]): number {
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(`${whole}.${fraction.padEnd(3, '0')}`);
}

const unmarked = (text: string) => text.replace(/<[^<>]*>/g, '');

const ENTITY: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  nbsp: '\u00a0',
  lrm: '\u200e',
  rlm: '\u200f',
  quot: '"',
};
const unescaped = (text: string) =>
  text.replace(/&(amp|lt|gt|nbsp|lrm|rlm|quot);/g, (_, name: string) => ENTITY[name] ?? '');

const PREFIX = /^\s*(\p{L}[^:\n]{0,40}): (?=\S)|^\s*(\p{L}[^:\n]{0,40}): ?\n/u;

/**
 * Takes the names of speakers off the texts. Spotscribe writes a name where the speaker changes. Anything else with a colon
 * is text.
 */
export function withSpeakers(stretches: readonly Stretch[]): Stretch[] {
  const names = speakerNames(stretches);
  let speaker: string | undefined;
  return stretches.map((stretch) => {
    const name = nameOf(stretch.text);
    if (name === undefined || !names.has(name))
      return { ...stretch, ...(speaker !== undefined && { speaker }) };
    speaker = name;
    return { ...stretch, speaker, text: stretch.text.replace(PREFIX, '') };
  });
}

const nameOf = (text: string): string | undefined => {
  const found = PREFIX.exec(text);
  return (found?.[1] ?? found?.[2])?.trim();
};

/** The names of Spotscribe's diarization, and in a transcript that begins with a name, all that occur again. */
function speakerNames(stretches: readonly Stretch[]): Set<string> {
  const counts = new Map<string, number>();
  for (const { text } of stretches) {
    const name = nameOf(text);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const beginsWithName = nameOf(stretches[0]?.text ?? '') !== undefined;
  const names = [...counts].filter(
    ([name, count]) => /^SPEAKER_\d+$/.test(name) || (beginsWithName && count > 1),
  );
  return new Set(names.map(([name]) => name));
}
