import { bytes, dollars, duration, fit, shown, table, width } from '../../../cli/format';
import type { Input } from '../../../cli/transcribe/inputs';
import { noTotals } from '../../../cli/transcribe/outcome';
import { frame, LiveProgress, PlainProgress } from '../../../cli/transcribe/progress';
import { Terminal } from '../../../cli/terminal';
import type { Activity } from '../../../cli/transcribe/trip';

const input = (path: string): Input => ({ path, within: path, size: 1000, modifiedMs: 0 });
const screen = { columns: 80, rows: 24 };

test('shows active files before waiting ones, with a bar if the progress is known', () => {
  const active: [Input, Activity][] = [
    [input('a.mp3'), { at: 'queued' }],
    [input('b.mp3'), { at: 'uploading', fraction: 0.5 }],
    [input('c.mp3'), { at: 'running', fraction: 0.251 }],
    [input('d.mp3'), { at: 'waiting', fraction: 0 }],
  ];
  expect(frame(active, { ...noTotals(9), done: 3, failed: 1 }, screen)).toEqual([
    `c.mp3     transcribing   █████${'░'.repeat(15)}  25%`,
    `b.mp3     uploading      ${'█'.repeat(10)}${'░'.repeat(10)}  50%`,
    `d.mp3     waiting        ${'░'.repeat(20)}   0%`,
    'a.mp3     queued',
    '4 of 9 · 1 failed',
  ]);
});

test('says why a queued file waits for a machine', () => {
  const active: [Input, Activity][] = [[input('a.mp3'), { at: 'queued', delay: 'AWS says: no' }]];
  expect(frame(active, noTotals(1), screen)[0]).toBe('a.mp3     queued        . AWS says: no');
  const file = input('a.mp3');
  const lines: string[] = [];
  const err = { write: (text: string) => Boolean(lines.push(text)) };
  const progress = new PlainProgress(new Terminal({ out: err, err, env: {} }));
  for (const delay of [undefined, 'AWS says: no', 'AWS says: no'])
    progress.activity(file, { at: 'queued', delay });
  expect(lines).toEqual(['a.mp3: queued\n', 'a.mp3: queued. AWS says: no\n']);
});

test.each([
  [{ columns: 40, rows: 6 }, 4],
  [{ columns: 10, rows: 2 }, 2],
  [{ columns: 200, rows: 60 }, 13],
])('400 files on a screen of %j need %i lines, none of which wraps', (size, lines) => {
  const active = Array.from({ length: 400 }, (_, index): [Input, Activity] => [
    input(`a very long name of a file that goes on and on/講演の録音 ${index}.mp3`),
    { at: 'uploading', fraction: 2 },
  ]);
  const drawn = frame(active, noTotals(400), size);
  expect(drawn).toHaveLength(lines);
  for (const line of drawn) expect(width(line)).toBeLessThanOrEqual(Math.max(20, size.columns - 1));
});

test('redraws the display, and leaves only the lines of finished files', () => {
  jest.useFakeTimers();
  let screenText = '';
  const err = { isTTY: true, columns: 60, rows: 20, write: (text: string) => Boolean((screenText += text)) };
  const out = { write: () => true };
  const terminal = new Terminal({ out, err, env: { NO_COLOR: '1' } });
  const progress = new LiveProgress(terminal, noTotals(1));
  const file = input('talk.mp3');
  progress.activity(file, { at: 'queued' });
  jest.advanceTimersByTime(250);
  progress.finished(
    { input: file, status: 'done', seconds: 3, outputs: [], notes: [] },
    { ...noTotals(1), done: 1 },
  );
  jest.advanceTimersByTime(100);
  progress.close();
  const queued = 'talk.mp3  queued\n0 of 1\n';
  const clear = (lines: number) => `\u001b[${lines}A\u001b[0J`;
  expect(screenText).toBe(
    `${queued}${clear(2)}${queued}${clear(2)}✓ talk.mp3  done in 3 s\n1 of 1\n${clear(1)}`,
  );
  jest.useRealTimers();
});

test('uses colours only on a terminal, and not if NO_COLOR or TERM=dumb is set', () => {
  const styled = (isTTY: boolean, env: Record<string, string>) => {
    const err = { isTTY, write: () => true };
    return new Terminal({ out: err, err, env }).style('red', 'x');
  };
  expect(styled(true, {})).toBe('\u001b[31mx\u001b[39m');
  expect(styled(false, {})).toBe('x');
  expect(styled(true, { NO_COLOR: '1' })).toBe('x');
  expect(styled(true, { TERM: 'dumb' })).toBe('x');
});

test.each([
  [0.04, '0 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [59.6, '1:00'],
  [245, '4:05'],
  [3599.7, '1:00:00'],
  [3723, '1:02:03'],
])('%d seconds are shown as %s', (seconds, text) => expect(duration(seconds)).toBe(text));

test.each([
  [0, '$0.00'],
  [1.5, '$1.50'],
  [0.00022, '$0.00022'],
  [0.0000004, '$0.00000040'],
  [null, 'price unknown'],
])('%p dollars are shown as %s', (amount, text) => expect(dollars(amount)).toBe(text));

test.each([
  [12, '12 B'],
  [283_912, '284 kB'],
  [5_400_000_000, '5.4 GB'],
])('%d bytes are shown as %s', (count, text) => expect(bytes(count)).toBe(text));

test('aligns by terminal columns, not by characters', () => {
  expect(
    table([
      ['講演', 'x'],
      ['abcd', 'y'],
    ]),
  ).toBe('講演  x\nabcd  y\n');
  expect(fit('講演録', 5)).toBe('講演…');
  expect(fit('e\u0301a', 4)).toBe('e\u0301a  ');
});

test('no text can control the terminal', () => {
  expect(shown('a\u001b[2Jb\u202e\r\nc\u2028\u0007')).toBe('ab\ufffd\ufffd\ufffdc\ufffd\ufffd');
});
