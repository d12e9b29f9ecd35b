import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { FORMAT_ENDING, type TranscriptFormat } from '../lambda/contract';
import { UsageError } from './errors';
import type { Input } from './inputs';

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
}

/**
 * Where the results of files go: beside the audio, or in `folder` under the path that the audio has below the folder
 * given. `talk.mp3` gives `talk.srt`; where `talk.wav` lies beside it, `talk.mp3.srt` and `talk.wav.srt`.
 *
 * @throws UsageError if two files would still share a result, or a result would take the place of an audio file
 */
export function planOutputs(inputs: Input[], formats: TranscriptFormat[], folder?: string): Plan[] {
  const stem = (input: Input, ending: string) => {
    const path = folder === undefined ? input.path : join(folder, input.within);
    return resolve(ending === '' ? path : path.slice(0, -ending.length));
  };
  const shortStems = inputs.map((input) => stem(input, extname(input.path)));
  const uses = countOf(shortStems);
  const stems = inputs.map((input, index) => {
    const short = shortStems[index] ?? '';
    return uses.get(short) === 1 ? short : stem(input, '');
  });
  const audio = new Set(inputs.map(({ path }) => resolve(path)));
  const owner = new Map<string, string>();
  return inputs.map((input, index) => ({
    input,
    outputs: formats.map((format) => {
      const path = `${stems[index]}.${FORMAT_ENDING[format]}`;
      const other = owner.get(path);
      if (other !== undefined) {
        throw new UsageError(
          `${other} and ${input.path} would both give ${path}: transcribe them apart, with different --out`,
        );
      }
      if (audio.has(path)) {
        throw new UsageError(`The result of ${input.path} would overwrite ${path}, which is given as audio`);
      }
      owner.set(path, input.path);
      return { format, path };
    }),
    analysis: `${stems[index]}.analysis.json`,
  }));
}

function countOf(values: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** The outputs that are missing, or older than the audio. */
export async function staleOutputs({ input, outputs }: Plan): Promise<Output[]> {
  const stale = await Promise.all(
    outputs.map(async ({ path }) => {
      const there = await stat(path).catch(() => undefined);
      return there === undefined || there.mtimeMs < input.modifiedMs;
    }),
  );
  return outputs.filter((_, index) => stale[index]);
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
