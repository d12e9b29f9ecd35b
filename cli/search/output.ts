import { join, relative, resolve } from 'node:path';
import { shown } from '../format';
import type { Terminal } from '../terminal';
import type { Refreshed } from './index/refresh';
import type { Answer } from './ranking/answers';

/** Path of a file of the searched folder, relative to the current folder. */
export const shownPath = (folder: string, path: string): string => {
  const whole = join(resolve(folder), path);
  return relative(process.cwd(), whole) || whole;
};

/** An answer as JSON. Its text is as in the transcript: JSON has no control characters. */
export const answerDocument = (folder: string, answer: Answer) => ({
  ...answer,
  path: shownPath(folder, answer.path),
  score: rounded(answer.score),
});

/** An answer as lines: where it is and what it says, then its context. */
export function answerLines(folder: string, answer: Answer, verbose: boolean): string {
  const { path, start, speaker, sentence, before, after, score } = answer;
  const head = [
    shown(shownPath(folder, path)),
    ...(start === undefined ? [] : [clock(start)]),
    ...(speaker === undefined ? [] : [shown(speaker)]),
    ...(verbose ? [`(${rounded(score)})`] : []),
  ];
  const context = [before, '[…]', after].filter((text) => text !== undefined).map(shown);
  const around = context.length > 1 ? `    ${context.join(' ')}\n` : '';
  return `${head.join('  ')}  ${shown(sentence)}\n${around}`;
}

/** Says what was found in the folder. */
export function sayRefreshed(folder: string, refreshed: Refreshed, terminal: Terminal): void {
  for (const { path, reason } of refreshed.skipped)
    terminal.say(`${shownPath(folder, path)}: skipped, ${reason}`);
  const { added, changed, renamed, removed } = refreshed;
  const counts = Object.entries({ added, changed, renamed, removed }).filter(([, count]) => count > 0);
  if (counts.length > 0)
    terminal.say(`index: ${counts.map(([what, count]) => `${count} ${what}`).join(', ')}`);
}

/** Seconds as `01:02:03`. */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

const rounded = (score: number): number => Math.round(score * 1000) / 1000;
