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
  /** Numbers of the parts that are on the disk; `whole` for a file that has been checked and has its name. */
  files: z.record(z.string(), z.union([z.array(z.number()), z.literal('whole')])),
});
type Journal = z.infer<typeof journal>;

/**
 * A model that is being put together, with a journal of the parts that have come: a fetch that was killed goes on where
 * it stopped.
 */
export class ModelBuilding {
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    readonly model: CachedModel,
    private readonly folder: string,
    private readonly journal: Journal,
  ) {}

  /** Begins, or goes on with what an earlier fetch of the same files left. */
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

  /** The parts that earlier fetches brought. */
  parts({ path }: CachedFile): readonly number[] {
    const parts = this.journal.files[path];
    return parts === undefined || parts === 'whole' ? [] : parts;
  }

  /** Bytes that are still to come. */
  get missingBytes(): number {
    const { partBytes } = this.journal;
    return this.model.files.reduce((sum, file) => {
      if (this.isWhole(file)) return sum;
      const sizes = this.parts(file).map((part) => Math.min(partBytes, file.size - part * partBytes));
      return sum + file.size - sizes.reduce((all, size) => all + size, 0);
    }, 0);
  }

  /** Where a file goes once it has been checked. */
  target({ path }: CachedFile): string {
    return join(this.folder, path);
  }

  /** Where its parts are written. */
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

  /** Leaves nothing of a file behind. */
  async forget(file: CachedFile): Promise<void> {
    delete this.journal.files[file.path];
    await rm(await this.draft(file), { force: true });
    await this.save();
  }

  /** Removes the journal: the folder holds the model's files and nothing else. */
  async close(): Promise<void> {
    await this.writing;
    await rm(join(this.folder, JOURNAL), { force: true });
  }

  /**
   * Sets the journal right where a fetch was killed between a file's change and its note: a file gets its name after it
   * has been checked, and without its draft no part of it is there.
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
