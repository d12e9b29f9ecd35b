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
import type { ModelVersion } from '../../../../core/models/model-layout';
import type { CachedModel } from './model-cache';

/** Whole models and those that are being fetched lie here; the names that services know are links to them. */
const STORE = '.store';
const BUILDING = '.building';

const marker = z.object({
  boot: z.string(),
  version: z.string(),
  files: z.record(z.string(), z.object({ size: z.number(), mtime: z.number() })),
});

/**
 * Where models lie on the machine: `<folder>/<name>` is a link to `.store/<name>/<revision>`, so that a service sees all
 * of a model or nothing, and a new revision takes the old one's place at once.
 */
export class ModelDisk {
  constructor(
    private readonly folder: string,
    /**
     * This run of the machine's kernel. Nothing is flushed to the disk, as it lives no longer than the machine; so what
     * an earlier run left may be cut off, and is not believed.
     */
    readonly boot = bootId(),
  ) {}

  get lock(): string {
    return join(this.folder, '.lock');
  }

  /** Where a whole model lies. */
  whole({ name, revision }: ModelVersion): string {
    return join(this.folder, STORE, name, revision);
  }

  /** Where a model is put together. */
  building(model: ModelVersion): string {
    return `${this.whole(model)}${BUILDING}`;
  }

  async prepare(): Promise<void> {
    await mkdir(join(this.folder, STORE), { recursive: true });
  }

  /** Whether the model is there, as it was when it was checked: by sizes and times, which takes no time. */
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

  /** Makes a model whose files have all been checked a whole one. */
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

  /** Has the name that services know stand for this revision. */
  async show(model: ModelVersion): Promise<void> {
    const name = join(this.folder, model.name);
    const target = join(STORE, model.name, model.revision);
    if ((await readlink(name).catch(() => undefined)) === target) return;
    // A folder that an earlier version fetched is in the way of a link.
    const there = await lstat(name).catch(() => undefined);
    if (there?.isDirectory()) await rm(name, { recursive: true, force: true });
    // Of a name of its own: tasks that find all there do this at once, as no lock is held for it.
    const link = join(this.folder, STORE, `.${model.name}.${randomUUID()}`);
    await symlink(target, link);
    await rename(link, name);
  }

  /** Has the name stand for nothing: an earlier revision is not what was asked for. */
  async hide({ name }: ModelVersion): Promise<void> {
    const link = join(this.folder, name);
    if ((await lstat(link).catch(() => undefined))?.isSymbolicLink()) await rm(link, { force: true });
  }

  /** Bytes that can still be written. */
  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  /** Removes all models but these, and what is left of unfinished ones. Returns their names. */
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

/** Writes a small file so that its name never stands for half of it. */
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

/** Of Linux; elsewhere, where no machine runs, a run of the kernel is not known from another. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
