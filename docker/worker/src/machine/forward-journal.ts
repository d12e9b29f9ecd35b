import { spawn } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { BOOT_IDENTIFIER } from '../../../../core/machine/systemd/names';
import type { JournalSettings } from '../settings';
import type { LogLine, LogStreams } from './log-streams';

const PAUSE_MS = 2_000;
const MOST_LINES = 1_000;
/** CloudWatch accepts 1 MB in a call, with 26 bytes for each line. */
const MOST_BYTES = 512 << 10;
/** Longer lines are cut. The processes log no such lines. */
const LONGEST = 128 << 10;

/** An entry of `journalctl --output=json`. Text that is not UTF-8 is a list of bytes. */
const Entry = z.object({
  __CURSOR: z.string(),
  /** Epoch microseconds. */
  __REALTIME_TIMESTAMP: z.coerce.number(),
  SYSLOG_IDENTIFIER: z.string(),
  MESSAGE: z.union([z.string(), z.array(z.number())]).nullish(),
});
type Entry = z.infer<typeof Entry>;

/**
 * Sends the journal to CloudWatch until the signal, and then what is left of it. After a restart it goes
 * on after the last entry that was sent.
 *
 * @param journalctl the program that reads the journal
 * @throws Error if the journal cannot be read, or CloudWatch accepts no lines
 */
export async function forwardJournal(
  settings: JournalSettings,
  streams: Pick<LogStreams, 'put'>,
  signal: AbortSignal,
  journalctl = 'journalctl',
): Promise<void> {
  const { stateDir, instanceId } = settings;
  const file = join(stateDir, 'cursor');
  let cursor = await readFile(file, 'utf8').catch(() => undefined);
  for (let last = false; !last;) {
    last = signal.aborted;
    for await (const entries of entriesAfter(cursor, settings, journalctl)) {
      await streams.put(entries.map((entry) => lineOf(entry, instanceId)));
      cursor = entries.at(-1)!.__CURSOR;
      await writeFile(`${file}.part`, cursor);
      await rename(`${file}.part`, file);
    }
    if (!last) await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** The entries that are there, in lists that CloudWatch accepts in one call. */
async function* entriesAfter(
  cursor: string | undefined,
  { journalIdentifiers }: JournalSettings,
  journalctl: string,
): AsyncGenerator<Entry[]> {
  // Not --follow, which reads only the current boot.
  const program = spawn(
    journalctl,
    [
      ...['--quiet', '--output=json', '--output-fields=MESSAGE,SYSLOG_IDENTIFIER'],
      ...(cursor === undefined ? [] : [`--after-cursor=${cursor}`]),
      ...journalIdentifiers.map((identifier) => `--identifier=${identifier}`),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<number | null>((resolve, reject) =>
    program.once('error', reject).once('close', resolve),
  );
  ended.catch(() => undefined);
  let entries: Entry[] = [];
  let bytes = 0;
  try {
    for await (const line of createInterface({ input: program.stdout })) {
      entries.push(Entry.parse(JSON.parse(line)));
      bytes += line.length;
      if (entries.length < MOST_LINES && bytes < MOST_BYTES) continue;
      yield entries;
      [entries, bytes] = [[], 0];
    }
  } finally {
    program.kill();
  }
  const code = await ended;
  if (code !== 0) throw new Error(`${journalctl} ended with ${code}`);
  if (entries.length > 0) yield entries;
}

function lineOf({ SYSLOG_IDENTIFIER, __REALTIME_TIMESTAMP, MESSAGE }: Entry, instanceId: string): LogLine {
  const text = typeof MESSAGE === 'string' ? MESSAGE : Buffer.from(MESSAGE ?? []).toString();
  const process =
    SYSLOG_IDENTIFIER === BOOT_IDENTIFIER ? 'boot' : SYSLOG_IDENTIFIER.slice(BOOT_IDENTIFIER.length + 1);
  return {
    stream: `${process}/${instanceId}`,
    timestamp: Math.floor(__REALTIME_TIMESTAMP / 1000),
    // CloudWatch refuses empty lines.
    message: text.slice(0, LONGEST) || ' ',
  };
}
