import { randomBytes } from 'node:crypto';
import { access, constants, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { FORMAT_ENDING, TRANSCRIPT_FORMATS, type TranscriptFormat } from '../../core/contract/names';
import { UsageError } from '../errors';
import type { Input } from '../transcribe/inputs';
import { type Kinship, kinship } from './inspect';
import { readRecord, recordPath } from './record';

/** Where one format of a file's transcript goes. */
export interface Output {
  format: TranscriptFormat;
  path: string;
}

/** A file with all that is to come of it. */
export interface Plan {
  input: Input;
  outputs: Output[];
  /** Where its analysis goes, should the deployment make one. */
  analysis: string;
  /** Why this file cannot have results: those of another file of this run have their names. */
  conflict?: string;
}

/**
 * Where the results of files go: beside the audio, or in `folder` under the path that the audio has below the folder
 * given. `talk.mp3` gives `talk.srt`; where `talk.wav` lies beside it, `talk.mp3.srt` and `talk.wav.srt`. A file that
 * has results keeps their names, whatever comes beside it later. Two files never share a result: the later one of the
 * run has a `conflict` if even the long names are the same.
 *
 * @throws UsageError if a result would take the place of an audio file of the run
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
    // Where the long names are the same, they would not help.
    const rivals = (await shortStems.users(short)).filter((each) => stems[each]?.[1] !== long);
    const chosen = await chosenStem(input, short, long, rivals.length === 0, records);
    const first = await takenBy(chosen, formats, results);
    // The long name says no more where it is that of the other file, too.
    const stem = first === undefined || stems[first.index]?.[1] === long ? chosen : long;
    const taken = stem === chosen ? first : await takenBy(stem, formats, results);
    const plan: Plan = { input, ...placesOf(stem, formats) };
    for (const path of pathsOf(plan)) {
      if (audio.has(path))
        throw new UsageError(`The result of ${input.path} would overwrite ${path}, which is given as audio`);
      results.add(path, index);
    }
    if (taken !== undefined) {
      const other = inputs[taken.index]?.path;
      plan.conflict = `${other} and ${input.path} would both give ${taken.path}: transcribe them with different --out`;
    }
    plans.push(plan);
  }
  return plans;
}

function placesOf(stem: string, formats: readonly TranscriptFormat[]): Omit<Plan, 'input'> {
  const outputs = formats.map((format) => ({ format, path: `${stem}.${FORMAT_ENDING[format]}` }));
  return { outputs, analysis: `${stem}.analysis.json` };
}

const pathsOf = ({ outputs, analysis }: Omit<Plan, 'input'>) => [
  ...outputs.map(({ path }) => path),
  analysis,
];

/** The first of the names below a stem that an earlier input of the run has. */
async function takenBy(stem: string, formats: TranscriptFormat[], results: Names) {
  for (const path of pathsOf(placesOf(stem, formats))) {
    const [index] = await results.users(path);
    if (index !== undefined) return { path, index };
  }
  return undefined;
}

/** Names of results without their endings: the short one and the long one. */
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

/** Names, and which inputs have them. Where a folder ignores case, names that differ in it alone are the same. */
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

/** What the records of earlier runs say about names. */
class Records {
  private readonly listed = new Map<string, Promise<Set<string>>>();

  /** Which recording the results with this stem are of; undefined if there are none. */
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

/** Whether names that differ in case are the same file there. A folder that does not exist yet is as its parent. */
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
 * Makes the folders of the outputs, before anything is paid for.
 *
 * @throws UsageError if one cannot be made or written to
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
