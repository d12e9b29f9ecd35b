import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENV } from '../../../core/contract/environment';
import { embeddings } from '../../../lib/services/embeddings';
import { baseEnvironment } from '../../../local/emulator';
import { Programs } from '../../../local/machine/commands';
import { freePort } from '../../../local/ports';
import { ManagedProcess } from '../../../local/processes';
import { pause } from '../../api/retry';
import { CliError } from '../../errors';
import { ApiEmbedder } from './api-embedder';
import type { Embedder, Purpose } from './embedder';

const START_MS = 120_000;
const LOOK_MS = 50;
const STOP_SECONDS = 5;
/** The service takes no key, because it listens on this machine only. */
const KEY = 'none';

export interface LocalOptions {
  signal: AbortSignal;
  say: (text: string) => void;
}

/** Embeds with the embeddings service of this package and a small model, as a process on this machine. */
export class LocalEmbedder implements Embedder {
  private constructor(
    private readonly service: ManagedProcess,
    private readonly folder: string,
    private readonly api: ApiEmbedder,
  ) {}

  /**
   * Starts the service on a free port of 127.0.0.1. The first start installs its Python packages.
   *
   * @throws CliError if it cannot be installed or does not start
   */
  static async start({ signal, say }: LocalOptions): Promise<LocalEmbedder> {
    const programs = new Programs({ workerBundle: '', onProgress: say });
    const { file, args, env } = await programs.commandOf(embeddings.exec).catch((error: Error) => {
      throw new CliError('internal', error.message, undefined, { cause: error });
    });
    const folder = await mkdtemp(join(tmpdir(), 'spotscribe-search-'));
    const port = await freePort();
    const log = join(folder, 'service.log');
    const settings = {
      HOST: '127.0.0.1',
      PORT: String(port),
      [ENV.embeddingEngine]: 'minilm',
      TMPDIR: folder,
    };
    const service = new ManagedProcess({
      name: 'embeddings',
      ...{ file, args: [...args], cwd: folder, log },
      env: { ...baseEnvironment(), ...env, ...settings, SHARED_AUDIO: folder },
    });
    try {
      const url = `http://127.0.0.1:${port}`;
      await ready(service, url, log, signal);
      const api = await ApiEmbedder.connect({ url, key: KEY }, { retryForMs: 10_000, signal });
      return new LocalEmbedder(service, folder, api);
    } catch (error) {
      await ended(service, folder);
      throw error;
    }
  }

  get model(): string {
    return this.api.model;
  }

  embed(texts: readonly string[], purpose: Purpose): Promise<Float32Array[]> {
    return this.api.embed(texts, purpose);
  }

  close(): Promise<void> {
    return ended(this.service, this.folder);
  }
}

/** Waits until the service has loaded its model. */
async function ready(service: ManagedProcess, url: string, log: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (service.running && performance.now() < deadline) {
    signal.throwIfAborted();
    const answer = await fetch(`${url}/health`, { signal }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok === true) return;
    await pause(LOOK_MS, signal);
  }
  signal.throwIfAborted();
  const lines = (await readFile(log, 'utf8')).trim().split('\n').slice(-5).join('\n');
  const what = service.running ? `was not ready after ${START_MS / 1000} s` : 'ended at once';
  throw new CliError('internal', `The local embeddings service ${what}: ${lines}`);
}

async function ended(service: ManagedProcess, folder: string): Promise<void> {
  await service.stop(STOP_SECONDS);
  await rm(folder, { recursive: true, force: true });
}
