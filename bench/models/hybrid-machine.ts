import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '../../cli/api/retry';
import { GuardedService } from '../../docker/worker/src/services/guarded-service';
import { HttpModelService } from '../../docker/worker/src/services/http-model-service';
import { createLog } from '../../docker/worker/src/log';
import { runSteps } from '../../docker/worker/src/jobs/steps';
import type { Analysis } from '../../core/contract/work/analysis';
import { TASKS } from '../../core/tasks';
import type { Transcript } from '../../core/contract/work/transcript';
import { SERVICES } from '../../lib/services';
import { Programs } from '../../local/machine/commands';
import { baseEnvironment } from '../../local/emulator';
import { pythonEnvironment } from '../../local/installation';
import { freePort } from '../../local/ports';
import { ManagedProcess } from '../../local/processes';
import type { BenchContext } from '../benchmark';
import type { Took } from './hybrid-figures';

const STOP_SECONDS = 5;
const LOAD_MS = 60_000;
const LOOK_MS = 100;
/** The laptop's engines, used instead of those for GPUs. */
const ENGINES = {
  whisper: { WHISPER_ENGINE: 'faster-whisper' },
  voxtral: { VOXTRAL_ENGINE: 'extractive' },
};
type Name = keyof typeof ENGINES;

/** Python interpreter of the laptop environment of both services, created if missing. */
export const laptopPython = ({ say }: BenchContext): Promise<string> =>
  pythonEnvironment('whisper', 'docker/whisper/requirements.laptop.txt', say);

/** Both model services as separate processes, called in the same way as by the worker. */
export class HybridMachine {
  /** @returns the machine when both services are ready */
  static async start(context: BenchContext): Promise<HybridMachine> {
    const python = await laptopPython(context);
    const shared = join(context.folder, 'shared');
    mkdirSync(shared);
    const processes: ManagedProcess[] = [];
    const stop = async () => void (await Promise.all(processes.map((each) => each.stop(STOP_SECONDS))));
    try {
      const services: HttpModelService[] = [];
      for (const name of ['whisper', 'voxtral'] as const) {
        const { process, service } = await launched(name, python, shared, context);
        processes.push(process);
        services.push(service);
      }
      await Promise.all(services.map((service, at) => ready(processes[at]!, service, context.signal)));
      const [transcriber, analyst] = services.map(guarded);
      return new HybridMachine(shared, transcriber!, analyst!, stop, context.signal);
    } catch (error) {
      await stop();
      throw error;
    }
  }

  private constructor(
    /** Folder of the audio, which both services read. */
    readonly shared: string,
    private readonly transcriber: GuardedService,
    private readonly analyst: GuardedService,
    readonly stop: () => Promise<void>,
    private readonly signal: AbortSignal,
  ) {}

  /** The transcript, then the analysis. @param path - path of the audio in the shared folder */
  async inTurn(path: string): Promise<Took> {
    const watch = stopwatch();
    await this.transcript(path, this.signal);
    const transcript = watch();
    const { degraded } = await this.analysis(path, this.signal);
    refuse(degraded);
    return { transcript, total: watch() };
  }

  /** Both at the same time, as in the worker. */
  async atOnce(path: string): Promise<Took> {
    const watch = stopwatch();
    let transcript = NaN;
    const transcribe = async (signal: AbortSignal) => {
      const found = await this.transcript(path, signal);
      transcript = watch();
      return found;
    };
    const analyze = (signal: AbortSignal) => this.analysis(path, signal);
    const { degraded } = await runSteps(
      [
        { task: TASKS.transcription, run: transcribe },
        { task: TASKS.analysis, run: analyze },
      ],
      this.signal,
    );
    const total = watch();
    refuse(degraded);
    return { transcript, total };
  }

  private transcript(path: string, signal: AbortSignal): Promise<Transcript> {
    return this.transcriber.run(
      TASKS.transcription,
      { path, language: 'en' },
      { signal, begin },
      () => undefined,
    );
  }

  private analysis(path: string, signal: AbortSignal): Promise<Analysis> {
    return this.analyst.run(TASKS.analysis, { path, language: 'en' }, { signal, begin }, () => undefined);
  }
}

/** Starts a service without waiting for it. */
async function launched(name: Name, servicePython: string, shared: string, { folder }: BenchContext) {
  const port = await freePort();
  const cwd = join(folder, name);
  mkdirSync(cwd);
  const environment = () => Promise.resolve(servicePython);
  const programs = new Programs({ workerBundle: '', environment });
  const { file, args, env } = await programs.commandOf(SERVICES[name].exec);
  const settings = { ...ENGINES[name], PORT: String(port), SHARED_AUDIO: shared, TMPDIR: cwd };
  const process = new ManagedProcess({
    name,
    file,
    args,
    env: { ...baseEnvironment(), ...env, ...settings },
    cwd,
    log: join(folder, `${name}.log`),
  });
  return { process, service: new HttpModelService(name, `http://127.0.0.1:${port}`) };
}

async function ready(process: ManagedProcess, service: HttpModelService, signal: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + LOAD_MS; (await service.state()).state !== 'ready';) {
    if (!process.running || Date.now() > deadline)
      throw new Error(`The ${service.name} service did not start`);
    await pause(LOOK_MS, signal);
  }
}

/** Returns a function for the seconds since this call. */
function stopwatch(): () => number {
  const began = performance.now();
  return () => (performance.now() - began) / 1000;
}

/** Rejects degraded results: their time would be too short. */
function refuse(degraded: readonly object[]): void {
  if (degraded.length > 0) throw new Error(`The result is degraded: ${JSON.stringify(degraded)}`);
}

/** Guards a service like the worker, but without log: the error contains the details. */
const guarded = (service: HttpModelService) =>
  new GuardedService(service, createLog({ write: () => undefined }));

/** Does not record the durations of a job. */
const begin = () => () => undefined;
