import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pythonEnvironment } from '../../local/installation';
import { root } from './laptop';

/** The whisper service with the laptop's recogniser, as a process of its own. */
export class WhisperService {
  static async start(): Promise<WhisperService> {
    const python = await pythonEnvironment(
      'whisper',
      'docker/whisper/requirements.laptop.txt',
      () => undefined,
    );
    const scratch = mkdtempSync(join(tmpdir(), 'spotscribe-whisper-'));
    const port = await freePort();
    const child = spawn(python, ['-m', 'spotscribe_whisper'], {
      env: {
        PATH: process.env.PATH,
        PYTHONPATH: ['common', 'audio', 'whisper'].map((name) => join(root, 'docker', name)).join(':'),
        WHISPER_ENGINE: 'pocketsphinx',
        PORT: String(port),
        TMPDIR: scratch,
        SHARED_AUDIO: scratch,
      },
      stdio: 'ignore',
    });
    const service = new WhisperService(child, scratch, `http://127.0.0.1:${port}`);
    await service.ready();
    return service;
  }

  private constructor(
    private readonly child: ChildProcess,
    private readonly scratch: string,
    readonly url: string,
  ) {}

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill();
      await exited;
    }
    rmSync(this.scratch, { recursive: true });
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
