import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pythonEnvironment } from '../../local/installation';
import { freePort } from '../../local/ports';
import { root } from './laptop';

/** A laptop's model service: its Python packages, the first one to run last, and its engine. */
interface Laptop {
  name: string;
  packages: string[];
  environment: Record<string, string>;
}

const WHISPER: Laptop = {
  name: 'whisper',
  packages: ['common', 'audio', 'whisper'],
  environment: { WHISPER_ENGINE: 'faster-whisper' },
};
const EMBEDDINGS: Laptop = {
  name: 'embeddings',
  packages: ['common', 'embeddings'],
  environment: { EMBEDDING_ENGINE: 'minilm' },
};

/** The whisper service with the laptop's recogniser, as a process of its own. */
export const startWhisper = (): Promise<ModelServiceProcess> => ModelServiceProcess.start(WHISPER);

/** The embeddings service with the laptop's model. @param partBytes of the vectors in one part */
export const startEmbeddings = (partBytes: number): Promise<ModelServiceProcess> =>
  ModelServiceProcess.start(EMBEDDINGS, { PART_BYTES: String(partBytes) });

/** A model service as a process of its own. */
export class ModelServiceProcess {
  static async start(
    { name, packages, environment }: Laptop,
    more: Record<string, string> = {},
  ): Promise<ModelServiceProcess> {
    const python = await pythonEnvironment(name, `docker/${name}/requirements.laptop.txt`, () => undefined);
    const scratch = mkdtempSync(join(tmpdir(), `spotscribe-${name}-`));
    const port = await freePort();
    const child = spawn(python, ['-m', `spotscribe_${name}`], {
      env: {
        PATH: process.env.PATH,
        PYTHONPATH: packages.map((each) => join(root, 'docker', each)).join(':'),
        PORT: String(port),
        TMPDIR: scratch,
        SHARED_AUDIO: scratch,
        ...environment,
        ...more,
      },
      stdio: 'ignore',
    });
    const service = new ModelServiceProcess(child, scratch, `http://127.0.0.1:${port}`, python);
    await service.ready();
    return service;
  }

  private constructor(
    private readonly child: ChildProcess,
    /** The folder that it shares with workers. */
    readonly shared: string,
    readonly url: string,
    /** The interpreter, with the packages of the service. */
    readonly python: string,
  ) {}

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill();
      await exited;
    }
    rmSync(this.shared, { recursive: true });
  }

  private async ready(): Promise<void> {
    for (const until = Date.now() + 60_000; Date.now() < until; await sleep(100)) {
      if (this.child.exitCode !== null) throw new Error(`The service ended with ${this.child.exitCode}`);
      const answer = await fetch(`${this.url}/health`).catch(() => undefined);
      if (answer?.status === 200) return;
    }
    throw new Error('The service was not ready within a minute');
  }
}
