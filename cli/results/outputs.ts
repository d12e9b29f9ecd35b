import { randomBytes } from 'node:crypto';
import { access, constants, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import {
  ANALYSIS_ENDING,
  FORMAT_ENDING,
  TRANSCRIPT_FORMATS,
  type TranscriptFormat,
} from '../../core/contract/names';
import { UsageError } from '../errors';
import type { Input } from '../transcribe/inputs';
import { type Kinship, kinship } from './inspect';
import { readRecord, recordPath } from './record';

/** Path for one format of a file's transcript. */
export interface Output {
  format: TranscriptFormat;
  path: string;
}

/** Path of an analysis, or of its chapters. */
export interface AnalysisOutput {
  format: 'analysis' | 'chapters';
  path: string;
}

/** A file with the paths of all its results. */
export interface Plan {
  input: Input;
  outputs: Output[];
  /** Path of the analysis, if the deployment makes one, and of its chapters, if they are requested. */
  analysis: AnalysisOutput[];
  /**
   * Error message if the results of another file of this run have the same names. @default - no
   * conflict
   */
  conflict?: string;
}

/**
 * Chooses the paths of the results: next to the audio, or in `folder` under the relative path of
 * the audio. `talk.mp3` gives `talk.srt`. If `talk.wav` is in the same folder, the names are
 * `talk.mp3.srt` and `talk.wav.srt`. A file that has results keeps their names, even if other files
 * are added later. Two files never share a result: if even the long names are equal, the later file
 * has a `conflict`.
 *
 * @throws UsageError if a result would overwrite an audio file of the run
 */
export async function planOutputs(
  inputs: Input[],
  formats: TranscriptFormat[],
  folder?: string,
): Promise<Plan[]> {
  const audio = new Set(inputs.map(({ path }) => resolve(path)));
  const stems = inputs.map((input) => stemsOf(input, folder));
  const shortStems = new Names();
  for (const [index, [short]] of stems.entries()) shortStems.add(short, index);
  const results = new Names();
  const records = new Records();
  const plans: Plan[] = [];
  for (const [index, input] of inputs.entries()) {
    const [short, long] = stems[index] ?? ['', ''];
    // Files with the same long name cannot be distinguished by it.
    const rivals = (await shortStems.users(short)).filter((each) => stems[each]?.[1] !== long);
    const chosen = await chosenStem(input, short, long, rivals.length === 0, records);
    const first = await takenBy(chosen, formats, results);
    // The long name does not help if the other file has the same one.
    const stem = first === undefined || stems[first.index]?.[1] === long ? chosen : long;
    const taken = stem === chosen ? first : await takenBy(stem, formats, results);
    const plan: Plan = { input, ...placesOf(stem, formats) };
    for (const path of pathsOf(plan)) {
      if (audio.has(path))
        throw new UsageError(`The result of ${input.path} would overwrite the audio file ${path}`);
      results.add(path, index);
    }
    if (taken !== undefined) {
      const other = inputs[taken.index]?.path;
      plan.conflict = `${other} and ${input.path} would both write ${taken.path}: transcribe them with different --out folders`;
    }
    plans.push(plan);
  }
  return plans;
}

function placesOf(stem: string, formats: readonly TranscriptFormat[]): Omit<Plan, 'input'> {
  const outputs = formats.map((format) => ({ format, path: `${stem}.${FORMAT_ENDING[format]}` }));
  return {
    outputs,
    analysis: [
      { format: 'analysis', path: `${stem}.${ANALYSIS_ENDING.json}` },
      { format: 'chapters', path: `${stem}.${ANALYSIS_ENDING.chapters}` },
    ],
  };
}

const pathsOf = ({ outputs, analysis }: Omit<Plan, 'input'>) =>
  [...outputs, ...analysis].map(({ path }) => path);

/** Finds the first result path of a stem that an earlier input of the run uses. */
async function takenBy(stem: string, formats: TranscriptFormat[], results: Names) {
  for (const path of pathsOf(placesOf(stem, formats))) {
    const [index] = await results.users(path);
    if (index !== undefined) return { path, index };
  }
  return undefined;
}

/** Result paths without extension: the short one and the long one. */
function stemsOf(input: Input, folder?: string): [string, string] {
  const path = folder === undefined ? input.path : join(folder, input.within);
  const ending = extname(input.path);
  return [resolve(ending === '' ? path : path.slice(0, -ending.length)), resolve(path)];
}

async function chosenStem(input: Input, short: string, long: string, isAlone: boolean, records: Records) {
  const ofShort = await records.at(short, input);
  if (ofShort?.kin === 'same' || ofShort?.kin === 'changed') return short;
  const ofLong = await records.at(long, input);
  if (ofLong?.kin === 'same' || ofLong?.kin === 'changed') return long;
  const namesake = ofShort !== undefined && basename(ofShort.source) === basename(input.path);
  return isAlone && (ofShort === undefined || namesake) ? short : long;
}

/**
 * Paths and the inputs that use them. In a folder that ignores case, paths that differ only in case
 * are equal.
 */
class Names {
  private readonly byFolded = new Map<string, { path: string; index: number }[]>();

  add(path: string, index: number): void {
    const folded = fold(path);
    this.byFolded.set(folded, [...(this.byFolded.get(folded) ?? []), { path, index }]);
  }

  async users(path: string): Promise<number[]> {
    const alike = this.byFolded.get(fold(path)) ?? [];
    const isOneFile = alike.some((each) => each.path !== path) && (await ignoresCase(dirname(path)));
    return alike.filter((each) => isOneFile || each.path === path).map(({ index }) => index);
  }
}

const fold = (path: string) => path.normalize('NFC').toLowerCase();

/** Looks up names in the records of earlier runs. */
class Records {
  private readonly listed = new Map<string, Promise<Set<string>>>();

  /** The recording of the results with this stem. Undefined if there are none. */
  async at(stem: string, input: Input): Promise<{ kin: Kinship; source: string } | undefined> {
    const folder = dirname(recordPath(stem));
    const listed = this.listed.get(folder) ?? list(folder);
    this.listed.set(folder, listed);
    const there = await listed;
    if (there.size === 0) return undefined;
    let found: { kin: Kinship; source: string } | undefined;
    for (const path of pathsOf(placesOf(stem, TRANSCRIPT_FORMATS))) {
      const record = there.has(basename(recordPath(path))) ? await readRecord(path) : undefined;
      if (record === undefined || record === 'unreadable') continue;
      found = { kin: await kinship(input, path, record), source: record.source.path };
      if (found.kin !== 'another') return found;
    }
    return found;
  }
}

const list = (folder: string): Promise<Set<string>> =>
  readdir(folder).then(
    (found) => new Set(found),
    () => new Set(),
  );

/** Whether a folder ignores the case of names. A missing folder is treated like its parent. */
export async function ignoresCase(folder: string): Promise<boolean> {
  const probe = join(folder, `.spotscribe-${randomBytes(8).toString('hex')}.case`);
  try {
    await writeFile(probe, '', { flag: 'wx' });
    return await lstat(join(folder, basename(probe).toUpperCase())).then(
      () => true,
      () => false,
    );
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(folder) !== folder;
    return isMissing ? ignoresCase(dirname(folder)) : false;
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

/**
 * Creates the folders of the outputs, before anything is paid.
 *
 * @throws UsageError if a folder cannot be created or written to
 */
export async function prepareFolders(plans: Plan[]): Promise<void> {
  const folders = new Set(plans.flatMap(({ outputs }) => outputs.map(({ path }) => dirname(path))));
  for (const folder of folders) {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
    } catch (error) {
      throw new UsageError(
        `Cannot write results to ${folder}: ${(error as Error).message}. Choose another folder with --out`,
      );
    }
  }
}
