import { lstat, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { CachedFile, CachedModel } from './model-cache';
import { type ModelDisk, replace } from './model-disk';

const JOURNAL = '.journal.json';

const journal = z.object({
  boot: z.string(),
  version: z.string(),
  partBytes: z.number(),
  /** Numbers of the parts on the disk. `whole`: the file is checked and has its final name. */
  files: z.record(z.string(), z.union([z.array(z.number()), z.literal('whole')])),
});
type Journal = z.infer<typeof journal>;

/**
 * An incomplete model with a journal of its fetched parts, so that the next fetch continues where a
 * killed one stopped.
 */
export class ModelBuilding {
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    readonly model: CachedModel,
    private readonly folder: string,
    private readonly journal: Journal,
  ) {}

  /** Starts a model, or continues an earlier fetch of the same files. */
  static async open(disk: ModelDisk, model: CachedModel, partBytes: number): Promise<ModelBuilding> {
    const folder = disk.building(model);
    const { boot } = disk;
    const found = await readJournal(join(folder, JOURNAL));
    if (found?.boot === boot && found.version === model.version && found.partBytes === partBytes) {
      const building = new ModelBuilding(model, folder, found);
      await Promise.all(model.files.map((file) => building.look(file)));
      return building;
    }
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    return new ModelBuilding(model, folder, { boot, version: model.version, partBytes, files: {} });
  }

  isWhole({ path }: CachedFile): boolean {
    return this.journal.files[path] === 'whole';
  }

  /** Parts fetched earlier. */
  parts({ path }: CachedFile): readonly number[] {
    const parts = this.journal.files[path];
    return parts === undefined || parts === 'whole' ? [] : parts;
  }

  /** Bytes that are not fetched yet. */
  get missingBytes(): number {
    const { partBytes } = this.journal;
    return this.model.files.reduce((sum, file) => {
      if (this.isWhole(file)) return sum;
      const sizes = this.parts(file).map((part) => Math.min(partBytes, file.size - part * partBytes));
      return sum + file.size - sizes.reduce((all, size) => all + size, 0);
    }, 0);
  }

  /** Final path of a file, used after the check. */
  target({ path }: CachedFile): string {
    return join(this.folder, path);
  }

  /** Path of a file while its parts are written. */
  async draft(file: CachedFile): Promise<string> {
    const target = this.target(file);
    await mkdir(dirname(target), { recursive: true });
    return `${target}.part`;
  }

  async notePart(file: CachedFile, part: number): Promise<void> {
    this.journal.files[file.path] = [...this.parts(file), part];
    await this.save();
  }

  async noteWhole({ path }: CachedFile): Promise<void> {
    this.journal.files[path] = 'whole';
    await this.save();
  }

  /** Removes a file and its journal entry. */
  async forget(file: CachedFile): Promise<void> {
    delete this.journal.files[file.path];
    await rm(await this.draft(file), { force: true });
    await this.save();
  }

  /** Removes the journal, so that the folder has only the model's files. */
  async close(): Promise<void> {
    await this.writing;
    await rm(join(this.folder, JOURNAL), { force: true });
  }

  /**
   * Corrects the journal if a fetch was killed between the change of a file and its journal entry.
   * A file with its final name is checked; without a draft, the file has no parts.
   */
  private async look(file: CachedFile): Promise<void> {
    const { files } = this.journal;
    if (await exists(this.target(file))) files[file.path] = 'whole';
    else if (!(await exists(await this.draft(file)))) delete files[file.path];
  }

  private save(): Promise<void> {
    this.writing = this.writing.then(() => replace(join(this.folder, JOURNAL), JSON.stringify(this.journal)));
    return this.writing;
  }
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

async function readJournal(file: string): Promise<Journal | undefined> {
  try {
    return journal.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}
