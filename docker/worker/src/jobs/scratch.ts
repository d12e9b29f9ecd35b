import { mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { JOB_ID_PATTERN, SHARED } from '../../../../core/contract/keys';

/** The folder that is shared with the model services: one subfolder for each job that is worked on. */
export class Scratch {
  constructor(private readonly root: string) {}

  /** Where a job's audio goes. The folder above it is there, and empty, when this returns. */
  async prepare(id: string): Promise<string> {
    await this.remove(id);
    const file = join(this.root, SHARED.input(id));
    // The model services read it as the same user; nobody else needs to.
    await mkdir(dirname(file), { recursive: true, mode: 0o750 });
    return file;
  }

  remove(id: string): Promise<void> {
    return rm(join(this.root, SHARED.job(id)), { recursive: true, force: true });
  }

  /** Removes what a worker before this one left when it was killed. */
  async clear(): Promise<void> {
    await mkdir(this.root, { recursive: true });
    const names = await readdir(this.root);
    const jobs = names.filter((name) => new RegExp(JOB_ID_PATTERN).test(name));
    await Promise.all(jobs.map((id) => this.remove(id)));
  }

  /** Bytes that can still be written. */
  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.root);
    return bavail * bsize;
  }
}
