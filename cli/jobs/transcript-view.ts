import type { Transcript, Word } from '../../core/contract/work/transcript';
import { duration, shown, width } from '../format';

const COLUMNS = 100;

/**
 * Formats a transcript: each segment with its times, then its words, each after its start in
 * seconds.
 */
export function transcriptLines(transcript: Transcript): string {
  const body = transcript.segments.map(({ start, end, text, language, speaker, words }) => {
    const who = speaker === undefined ? '' : `${shown(speaker)}: `;
    const spoken = language === undefined ? '' : `, ${shown(language)}`;
    return `\n[${start.toFixed(2)} – ${end.toFixed(2)} s${spoken}] ${who}${shown(text.trim())}\n${wordLines(words)}`;
  });
  return head(transcript) + body.join('');
}

function head({ engine, language, task, duration: length, diarization }: Transcript): string {
  const spoken = task === 'translate' ? `translated to ${language}` : language;
  const lines = [`${duration(length)} of audio, ${spoken}, transcribed by ${engine.name} (${engine.model})`];
  if (diarization !== undefined) {
    const { speakers, model, merges } = diarization;
    const names = speakers.length === 0 ? 'none' : speakers.map(shown).join(', ');
    // The changes of the cleanup are shown, because they may be wrong.
    const turns = merges.length === 1 ? '1 turn' : `${merges.length} turns`;
    const changed = merges.length === 0 ? '' : `; ${turns} assigned to another speaker`;
    lines.push(`speakers: ${names}, identified by ${shown(model)}${changed}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function wordLines(words: Word[]): string {
  const lines: string[] = [];
  for (const { word, start, interpolated } of words) {
    // Mark times that are interpolated between neighbouring words, not aligned.
    const cell = `${interpolated === true ? '~' : ''}${start.toFixed(2)} ${shown(word.trim())}`;
    const last = lines.at(-1);
    if (last === undefined || width(last) + width(cell) + 2 > COLUMNS) lines.push(`    ${cell}`);
    else lines[lines.length - 1] = `${last}  ${cell}`;
  }
  return lines.map((line) => `${line}\n`).join('');
}
