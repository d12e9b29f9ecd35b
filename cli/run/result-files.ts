import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import type { TaskName } from '../../core/contract/names';
import type { JobTasks } from '../../core/contract/tasks';
import { TASKS } from '../../core/tasks';
import { createAtomically, writeAtomically } from '../atomic-write';
import { CliError, UsageError } from '../errors';
import type { Input } from '../transcribe/inputs';
import { type FilesTask, hasFiles, kindOf } from './files-kinds';
import { ResultFolder } from './result-folder';

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
   * @param options of the tasks, on which the names of results depend
   * @throws CliError `file_exists` if it is older: it may belong to another version of the input
   */
  async earlier(task: TaskName, { speech = {} }: JobTasks = {}): Promise<string | undefined> {
    const isOneFile = task === 'speech' && speech.chapters !== true;
    if (hasFiles(task) && !isOneFile) {
      const folder = this.folder(task);
      return (await folder.isComplete()) ? folder.path : undefined;
    }
    for (const ending of isOneFile ? [speech.format ?? 'mp3'] : ENDINGS) {
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

  /** The folder for the files of a result. */
  folder(task: FilesTask): ResultFolder {
    return new ResultFolder(`${this.stem}.${TASKS[task].resultName}`, kindOf(task), this.input);
  }

  /** Path of a result that is one file. */
  path(task: TaskName, ending: string): string {
    return `${this.stem}.${TASKS[task].resultName}.${ending}`;
  }
}
