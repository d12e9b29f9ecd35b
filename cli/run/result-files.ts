import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import type { TaskName } from '../../core/contract/names';
import { TASKS } from '../../core/tasks';
import { EmbeddingFolder } from './embedding-folder';
import { createAtomically, writeAtomically } from '../atomic-write';
import { CliError, UsageError } from '../errors';
import type { Input } from '../transcribe/inputs';

/** File extensions of results: that of text, and that of all others. */
const ENDINGS = ['json', 'txt'] as const;

/** The result files of an input. */
export class ResultFiles {
  private readonly stem: string;

  /** @param out folder. @default - that of the input */
  constructor(
    private readonly input: Pick<Input, 'path' | 'modifiedMs'>,
    out?: string,
  ) {
    const { dir, name } = parse(input.path);
    this.stem = join(out ?? dir, name);
  }

  /**
   * Refuses inputs whose results would have the same names.
   *
   * @throws UsageError with both inputs
   */
  static checkNames(inputs: readonly Input[], out?: string): void {
    const known = new Map<string, string>();
    for (const input of inputs) {
      const { stem } = new ResultFiles(input, out);
      const other = known.get(stem);
      if (other !== undefined)
        throw new UsageError(
          `The results of ${other} and ${input.path} would have the same names. Run the command once for each, with different --out folders`,
        );
      known.set(stem, input.path);
    }
  }

  /**
   * The result of a task from an earlier run, if it is newer than the input.
   *
   * @throws CliError `file_exists` if it is older: it may belong to another version of the input
   */
  async earlier(task: TaskName): Promise<string | undefined> {
    if (task === 'embedding') {
      const folder = this.folder();
      return (await folder.isComplete()) ? folder.path : undefined;
    }
    for (const ending of ENDINGS) {
      const path = this.path(task, ending);
      const found = await stat(path).catch(() => undefined);
      if (found === undefined) continue;
      if (found.mtimeMs >= this.input.modifiedMs) return path;
      throw new CliError(
        'file_exists',
        `${path} is older than ${this.input.path}. Move it, choose another folder with --out, or add --force`,
      );
    }
    return undefined;
  }

  /**
   * Writes the result of a task.
   *
   * @param type media type
   * @param force whether to replace a file. Otherwise one that appeared meanwhile is kept
   * @returns the path
   */
  async write(task: TaskName, content: Buffer, type: string, force: boolean): Promise<string> {
    const path = this.path(task, type.startsWith('text/') ? 'txt' : 'json');
    await mkdir(dirname(path), { recursive: true });
    await (force ? writeAtomically(path, content) : createAtomically(path, content));
    return path;
  }

  /** The folder of the embedding. */
  folder(): EmbeddingFolder {
    return new EmbeddingFolder(`${this.stem}.${TASKS.embedding.resultName}`, this.input);
  }

  private path(task: TaskName, ending: (typeof ENDINGS)[number]): string {
    return `${this.stem}.${TASKS[task].resultName}.${ending}`;
  }
}
