import type { Transcript, Word } from '../lambda/contract';
import { duration, shown, width } from './format';

const COLUMNS = 100;

/** A transcript for reading: each segment with its times, and below it each word after the second at which it begins. */
export function transcriptLines({ engine, language, duration: length, segments }: Transcript): string {
  const head = `${duration(length)} of audio, ${language}, heard by ${engine.name} (${engine.model})\n`;
  const body = segments.map(({ start, end, text, speaker, words }) => {
    const who = speaker === undefined ? '' : `${shown(speaker)}: `;
    return `\n[${start.toFixed(2)} – ${end.toFixed(2)} s] ${who}${shown(text.trim())}\n${wordLines(words)}`;
  });
  return head + body.join('');
}

function wordLines(words: Word[]): string {
  const lines: string[] = [];
  for (const { word, start, interpolated } of words) {
    // Times that no aligner gave are marked: they are a guess between their neighbours.
    const cell = `${interpolated === true ? '~' : ''}${start.toFixed(2)} ${shown(word.trim())}`;
    const last = lines.at(-1);
    if (last === undefined || width(last) + width(cell) + 2 > COLUMNS) lines.push(`    ${cell}`);
    else lines[lines.length - 1] = `${last}  ${cell}`;
  }
  return lines.map((line) => `${line}\n`).join('');
}
