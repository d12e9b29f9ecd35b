import { mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { JOB_ID_PATTERN, SHARED } from '../../../../core/contract/keys';

/** The folder shared with the model services, with a subfolder for each running job. */
export class Scratch {
  constructor(private readonly root: string) {}

  /** Creates an empty folder for a job and returns the path for its input. */
  async prepare(id: string): Promise<string> {
    await this.remove(id);
    const file = this.path(SHARED.input(id));
    // Only the model services read it, as the same user.
    await mkdir(dirname(file), { recursive: true, mode: 0o750 });
    return file;
  }

  /** A path of the shared volume, as this process sees it. */
  path(shared: string): string {
    return join(this.root, shared);
  }

  remove(id: string): Promise<void> {
    return rm(join(this.root, SHARED.job(id)), { recursive: true, force: true });
  }

  /** Removes the files of an earlier worker that was killed. */
  async clear(): Promise<void> {
    await mkdir(this.root, { recursive: true });
    const names = await readdir(this.root);
    const jobs = names.filter((name) => new RegExp(JOB_ID_PATTERN).test(name));
    await Promise.all(jobs.map((id) => this.remove(id)));
  }

  /** Free bytes on the disk. */
  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.root);
    return bavail * bsize;
  }
}
