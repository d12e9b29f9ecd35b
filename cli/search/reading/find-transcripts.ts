import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FORMAT_ENDING } from '../../../core/contract/names';
import { SEARCHED_FORMATS, type SearchedFormat } from './read-transcript';

/** Other results that lie beside transcripts. */
const OTHER_RESULTS = /\.(analysis|chapters|result|embedding)\.(json|txt)$/i;

export interface TranscriptFile {
  /** Relative to the searched folder, with slashes. */
  path: string;
  format: SearchedFormat;
}

export interface FoundTranscripts {
  /** The files of each recording, the preferred one first. */
  recordings: TranscriptFile[][];
  /** Folders that could not be read, relative to the searched folder, and why. */
  unreadable: { path: string; reason: string }[];
}

/**
 * Finds the transcripts below a folder. `talk.json`, `talk.verbose.json` and `talk.srt` belong to one recording.
 *
 * Symbolic links are not followed: they may lead in circles, or out of the folder. Hidden files and folders are
 * Spotscribe's own or of other programs.
 */
export async function findTranscripts(folder: string): Promise<FoundTranscripts> {
  const recordings = new Map<string, TranscriptFile[]>();
  const unreadable: FoundTranscripts['unreadable'] = [];
  const folders = [''];
  for (let within = folders.pop(); within !== undefined; within = folders.pop()) {
    const entries = await readdir(join(folder, within), { withFileTypes: true }).catch((error: Error) => {
      unreadable.push({ path: within, reason: error.message });
      return [];
    });
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const path = within === '' ? entry.name : `${within}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) add(recordings, path);
    }
  }
  const sorted = [...recordings].sort(([one], [other]) => (one < other ? -1 : 1));
  return { recordings: sorted.map(([, files]) => files.sort(byPreference)), unreadable };
}

function add(recordings: Map<string, TranscriptFile[]>, path: string): void {
  if (OTHER_RESULTS.test(path)) return;
  const lower = path.toLowerCase();
  // `talk.verbose.json` also ends with `.json`.
  const format = SEARCHED_FORMATS.filter((each) => lower.endsWith(`.${FORMAT_ENDING[each]}`)).reduce<
    SearchedFormat | undefined
  >(
    (longest, each) =>
      longest && FORMAT_ENDING[longest].length > FORMAT_ENDING[each].length ? longest : each,
    undefined,
  );
  if (format === undefined) return;
  const recording = path.slice(0, -FORMAT_ENDING[format].length - 1);
  recordings.set(recording, [...(recordings.get(recording) ?? []), { path, format }]);
}

const byPreference = (one: TranscriptFile, other: TranscriptFile) =>
  SEARCHED_FORMATS.indexOf(one.format) - SEARCHED_FORMATS.indexOf(other.format);
