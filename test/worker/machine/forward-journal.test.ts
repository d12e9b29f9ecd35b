import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forwardJournal } from '../../../docker/worker/src/machine/forward-journal';
import type { LogLine } from '../../../docker/worker/src/machine/log-streams';

let folder: string;
let sent: LogLine[][];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spotscribe-journal-'));
  sent = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (cursor: string, message: unknown, process = 'spotscribe-worker') => ({
  ...{ __CURSOR: cursor, __REALTIME_TIMESTAMP: '1796049586133202' },
  ...{ SYSLOG_IDENTIFIER: process, MESSAGE: message },
});

/** A program that prints these entries, and writes down its arguments. */
function journalctl(entries: object[], status = 0): string {
  const file = join(folder, 'journalctl');
  const output = entries.map((each) => `${JSON.stringify(each)}\n`).join('');
  writeFileSync(join(folder, 'entries'), output);
  writeFileSync(file, `#!/bin/sh\necho "$@" >>${folder}/calls\ncat ${folder}/entries\nexit ${status}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Forwards once: the signal is there from the beginning. */
const forward = (program: string, put = (lines: LogLine[]) => Promise.resolve(void sent.push(lines))) =>
  forwardJournal(
    {
      logGroup: 'group',
      instanceId: 'i-1',
      journalIdentifiers: ['spotscribe', 'spotscribe-worker'],
      stateDir: folder,
    },
    { put: (lines) => put([...lines]) },
    AbortSignal.abort(),
    program,
  );

const calls = () => readFileSync(join(folder, 'calls'), 'utf8');

describe('the journal', () => {
  test('is sent with a stream for each process and for the boot', async () => {
    await forward(journalctl([entry('a', 'one'), entry('b', 'two', 'spotscribe')]));
    expect(sent).toEqual([
      [
        { stream: 'worker/i-1', timestamp: 1_796_049_586_133, message: 'one' },
        { stream: 'boot/i-1', timestamp: 1_796_049_586_133, message: 'two' },
      ],
    ]);
    expect(calls()).toContain('--identifier=spotscribe --identifier=spotscribe-worker');
  });

  test('goes on after the last entry that was sent', async () => {
    await forward(journalctl([entry('a', 'one'), entry('b', 'two')]));
    await forward(journalctl([]));
    expect(calls().split('\n')[0]).not.toContain('--after-cursor');
    expect(calls()).toContain('--after-cursor=b');
  });

  test('is sent again after a failure', async () => {
    const refuse = () => Promise.reject(new Error('throttled'));
    await expect(forward(journalctl([entry('a', 'one')]), refuse)).rejects.toThrow('throttled');
    await forward(journalctl([entry('a', 'one')]));
    expect(sent).toHaveLength(1);
  });

  test('may contain empty lines, other bytes, and lines that are too long', async () => {
    await forward(
      journalctl([
        entry('a', ''),
        entry('b', [195, 188, 10]),
        entry('c', null),
        entry('d', 'x'.repeat(200_000)),
      ]),
    );
    const messages = sent.flat().map(({ message }) => message);
    expect(messages.slice(0, 3)).toEqual([' ', 'ü\n', ' ']);
    expect(messages[3]).toHaveLength(128 << 10);
  });

  test('is sent in lists that CloudWatch accepts', async () => {
    const lines = Array.from({ length: 2500 }, (_, index) => entry(`c${index}`, 'x'.repeat(400)));
    await forward(journalctl(lines));
    expect(sent.flat()).toHaveLength(2500);
    for (const list of sent) {
      expect(list.length).toBeLessThanOrEqual(1000);
      expect(JSON.stringify(list).length).toBeLessThan(1_000_000);
    }
  });

  test('that cannot be read ends the program, which systemd starts again', async () => {
    await expect(forward(journalctl([], 1))).rejects.toThrow('journalctl ended with 1');
  });
});
