import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  statfs,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { ModelsMark } from '../../../../core/contract/machine';
import type { ModelVersion, WantedModel } from '../../../../core/models/model-layout';
import { MARK_PREFIX, modelsMark } from '../../../../core/models/models-mark';
import type { CachedModel } from './model-cache';

/** Folder for complete and incomplete models. The names used by services are links into it. */
const STORE = '.store';
const BUILDING = '.building';

const marker = z.object({
  boot: z.string(),
  version: z.string(),
  files: z.record(z.string(), z.object({ size: z.number(), mtime: z.number() })),
});

/**
 * Models on the disk of the machine. `<folder>/<name>` is a link to `.store/<name>/<revision>`, so
 * that a service sees a complete model or nothing, and a new revision replaces the old one
 * atomically.
 */
export class ModelDisk {
  constructor(
    private readonly folder: string,
    /**
     * Boot id of the kernel. Nothing is flushed to the disk, because the disk lives only as long as
     * the machine. Files of an earlier boot may be incomplete and are not used.
     */
    readonly boot = bootId(),
  ) {}

  get lock(): string {
    return join(this.folder, '.lock');
  }

  /** Folder of a complete model. */
  whole({ name, revision }: ModelVersion): string {
    return join(this.folder, STORE, name, revision);
  }

  /** Folder of an incomplete model. */
  building(model: ModelVersion): string {
    return `${this.whole(model)}${BUILDING}`;
  }

  async prepare(): Promise<void> {
    await mkdir(join(this.folder, STORE), { recursive: true });
  }

  /**
   * Whether the model is complete and unchanged since its check, judged by sizes and times of its
   * files.
   */
  async holds(model: CachedModel): Promise<boolean> {
    const said = await readFile(this.marker(model), 'utf8').catch(() => '');
    if (said === '') return false;
    const { success, data } = marker.safeParse(parsed(said));
    if (!success || data.boot !== this.boot || data.version !== model.version) return false;
    const unchanged = await Promise.all(
      model.files.map(async ({ path }) => {
        const now = await stat(join(this.whole(model), path)).catch(() => undefined);
        const then = data.files[path];
        return now !== undefined && now.size === then?.size && now.mtimeMs === then.mtime;
      }),
    );
    return unchanged.every(Boolean);
  }

  /** Completes a model whose files have all been checked. */
  async complete(model: CachedModel): Promise<void> {
    await rm(this.whole(model), { recursive: true, force: true });
    await rename(this.building(model), this.whole(model));
    const files = await Promise.all(
      model.files.map(async ({ path }) => {
        const { size, mtimeMs } = await stat(join(this.whole(model), path));
        return [path, { size, mtime: mtimeMs }];
      }),
    );
    const said = { boot: this.boot, version: model.version, files: Object.fromEntries(files) as unknown };
    await replace(this.marker(model), JSON.stringify(said));
  }

  /** Links the name used by services to this revision. */
  async show(model: ModelVersion): Promise<void> {
    const name = join(this.folder, model.name);
    const target = join(STORE, model.name, model.revision);
    if ((await readlink(name).catch(() => undefined)) === target) return;
    // A folder fetched by an earlier version of Spotscribe blocks the link.
    const there = await lstat(name).catch(() => undefined);
    if (there?.isDirectory()) await rm(name, { recursive: true, force: true });
    // A unique name, because several tasks may do this at once without a lock.
    const link = join(this.folder, STORE, `.${model.name}.${randomUUID()}`);
    await symlink(target, link);
    await rename(link, name);
  }

  /** Removes the link of a name, so that no earlier revision is used. */
  async hide({ name }: ModelVersion): Promise<void> {
    const link = join(this.folder, name);
    if ((await lstat(link).catch(() => undefined))?.isSymbolicLink()) await rm(link, { force: true });
  }

  /**
   * Removes the mark of the last fetch, so that no service takes models for these that are about to
   * change.
   */
  async retractMark(): Promise<void> {
    const marks = (await readdir(this.folder)).filter((name) => name.startsWith(MARK_PREFIX));
    await Promise.all(marks.map((name) => rm(join(this.folder, name), { force: true })));
  }

  /** Tells the services that wait that all models are there. */
  async mark(models: readonly WantedModel[]): Promise<void> {
    const said: ModelsMark = { boot: this.boot, fetch: randomUUID() };
    // Not beside the mark, where another task may remove it.
    const part = join(this.folder, STORE, `.${said.fetch}`);
    await writeFile(part, JSON.stringify(said));
    await rename(part, join(this.folder, modelsMark(models)));
  }

  /** Free bytes on the disk. */
  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  /**
   * Removes all other models, including incomplete ones. Returns the names of the removed models.
   */
  async sweep(wanted: readonly ModelVersion[]): Promise<string[]> {
    const keep = new Set(wanted.flatMap((model) => [this.whole(model), this.building(model)]));
    const swept: string[] = [];
    const store = join(this.folder, STORE);
    for (const name of await readdir(store)) {
      if (name.startsWith('.')) continue;
      for (const revision of await readdir(join(store, name))) {
        const place = join(store, name, revision);
        if (keep.has(place) || keep.has(place.replace(/\.json$/, ''))) continue;
        await rm(place, { recursive: true, force: true });
        if (!revision.endsWith('.json')) swept.push(`${name}@${revision}`);
      }
    }
    return swept;
  }

  private marker(model: ModelVersion): string {
    return `${this.whole(model)}.json`;
  }
}

/** Writes a small file atomically. */
export async function replace(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.part`, content);
  await rename(`${file}.part`, file);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Boot id of Linux. On other systems, boots are not distinguished. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
