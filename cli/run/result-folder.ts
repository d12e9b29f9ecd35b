import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Content, writeAtomically } from '../atomic-write';
import { CliError } from '../errors';
import type { FilesKind, FilesView } from './files-kinds';

/** Names the job of the files. A rerun keeps files only if they are of the same job. */
export const JOB = '.spotscribe-job';

/** What is stored of a result: the view of the API without the paths of requests. */
type Listed = { files: { name: string; bytes: number }[] };

/** A folder with the files of a result. */
export class ResultFolder {
  constructor(
    readonly path: string,
    private readonly kind: Pick<FilesKind, 'list' | 'file'>,
    private readonly input: { path: string; modifiedMs: number },
  ) {}

  /** Path of the list of the files. */
  get listPath(): string {
    return join(this.path, this.kind.list);
  }

  /**
   * Whether an earlier run wrote the whole result, after the input was last changed.
   *
   * @throws CliError `file_exists` if the result is older: it may belong to another version of the
   * input
   */
  async isComplete(): Promise<boolean> {
    const found = await stat(this.listPath).catch(() => undefined);
    if (found === undefined) return false;
    if (found.mtimeMs < this.input.modifiedMs)
      throw this.occupied(`${this.listPath} is older than ${this.input.path}`);
    const list = await this.list();
    if (list === undefined) return false;
    const kept = await Promise.all(list.files.map((file) => this.has(file)));
    return !kept.includes(false);
  }

  /**
   * Prepares the folder for the files of a job. Files of another job are no longer kept.
   *
   * @param force whether to replace the files of a folder that no run of this job has made
   * @throws CliError `file_exists` for such a folder without `force`
   */
  async open(job: string, force: boolean): Promise<void> {
    await mkdir(this.path, { recursive: true });
    const earlier = await readFile(join(this.path, JOB), 'utf8').catch(() => undefined);
    if (earlier === job && !force) return;
    const names = await readdir(this.path);
    const { list, file } = this.kind;
    const own = names.filter((name) => file.test(name) || name === list);
    if (own.length > 0 && earlier === undefined && !force)
      throw this.occupied(`${join(this.path, own[0] ?? '')} was not written by this command`);
    // The list first: it must never stand for files of two jobs.
    for (const name of [list, ...own]) await rm(join(this.path, name), { force: true });
    await writeAtomically(join(this.path, JOB), Buffer.from(job));
  }

  /** Whether a file is there in full. */
  async has({ name, bytes }: { name: string; bytes: number }): Promise<boolean> {
    const found = await stat(join(this.path, name)).catch(() => undefined);
    return found?.isFile() === true && found.size === bytes;
  }

  /** @throws CliError `write_failed` */
  write(name: string, content: Content): Promise<void> {
    return writeAtomically(join(this.path, name), content);
  }

  /** Writes the list when all files are there. */
  async finish({ files, ...view }: FilesView): Promise<void> {
    const list: Listed = { ...view, files: files.map(({ path: _, ...file }) => file) };
    await this.write(this.kind.list, Buffer.from(`${JSON.stringify(list, undefined, 2)}\n`));
  }

  private async list(): Promise<Listed | undefined> {
    try {
      const list = JSON.parse(await readFile(this.listPath, 'utf8')) as Listed;
      return Array.isArray(list.files) ? list : undefined;
    } catch {
      return undefined;
    }
  }

  private occupied(reason: string): CliError {
    const cure = `Move ${this.path}, choose another folder with --out, or add --force`;
    return new CliError('file_exists', `${reason}. ${cure}`);
  }
}
