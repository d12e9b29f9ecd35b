import { STOP_SECONDS } from '../../../lambda/contract';
import { SpotscribeError } from '../../../lambda/errors';
import { createClients } from './clients';
import { fetchModels } from './fetch-models';
import { HttpModelService } from './http-model-service';
import { createLog, type Log } from './log';
import { readMachine, readModelFetchSettings, readWorkerSettings, SettingsError } from './settings';
import { Worker } from './worker';

/** Runs the worker until it is told to stop; resolves to the exit code. */
async function work(log: Log): Promise<number> {
  const settings = readWorkerSettings(process.env);
  const machine = readMachine(settings.machineFile);
  const worker = new Worker({
    settings,
    machine,
    clients: createClients(),
    model: new HttpModelService(settings.whisperUrl),
    log,
  });
  const told = new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  await worker.start();
  log.info({ machine, path: settings.path }, 'worker started');
  log.info({ signal: await told }, 'worker stops');
  const late = setTimeout(() => {
    log.error(`not stopped after ${STOP_SECONDS} s: messages come back when their visibility lapses`);
    process.exit(1);
  }, STOP_SECONDS * 1000);
  await worker.stop();
  clearTimeout(late);
  log.info('worker stopped');
  return 0;
}

async function main(command: string | undefined): Promise<number> {
  const log = createLog();
  try {
    switch (command) {
      case undefined:
        return await work(log);
      case 'fetch-models':
        // As a container's first process it would otherwise ignore the signal.
        process.once('SIGTERM', () => process.exit(1));
        await fetchModels(readModelFetchSettings(process.env), createClients().s3, log);
        return 0;
      default:
        log.fatal(`Command "${command}" is not known. Known: fetch-models; none starts the worker.`);
        return 2;
    }
  } catch (error) {
    // What the operator can put right needs no stack trace.
    const known = error instanceof SettingsError || error instanceof SpotscribeError;
    log.fatal(known ? {} : { err: error }, (error as Error).message);
    return 1;
  }
}

void main(process.argv[2]).then((code) => process.exit(code));
