import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STOP_SECONDS } from '../../../core/contract/limits';
import { SpotscribeError } from '../../../core/contract/errors';
import { createClients, PATIENT } from './clients';
import { fetchModels } from './models/fetch-models';
import { GuardedService } from './services/guarded-service';
import { HttpModelService } from './services/http-model-service';
import { createLog, type Log } from './log';
import { forwardJournal } from './machine/forward-journal';
import { LogStreams } from './machine/log-streams';
import { prepareMachine } from './machine/prepare-machine';
import { Services } from './services/services';
import {
  readJournalSettings,
  readMachine,
  readModelFetchSettings,
  readPrepareSettings,
  readWorkerSettings,
  SettingsError,
  type WorkerSettings,
} from './settings';
import { Worker } from './worker';

/** Runs the worker until it receives a signal. Resolves to the exit code. */
async function work(log: Log): Promise<number> {
  const settings = readWorkerSettings(process.env);
  const machine = readMachine(settings.machineFile);
  const worker = new Worker({
    settings,
    machine,
    clients: createClients(),
    services: servicesOf(settings, log),
    log,
  });
  const signalled = new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  await worker.start();
  log.info({ machine, path: settings.path }, 'worker started');
  log.info({ signal: await signalled }, 'worker stops');
  const late = setTimeout(() => {
    log.error(
      `not stopped after ${STOP_SECONDS} s: messages become visible again after their visibility timeout`,
    );
    process.exit(1);
  }, STOP_SECONDS * 1000);
  await worker.stop();
  clearTimeout(late);
  log.info('worker stopped');
  return 0;
}

/** Creates the clients of the machine's model services. */
const servicesOf = ({ services, modelSilenceSeconds }: WorkerSettings, log: Log): Services =>
  new Services(
    services.map(({ name, url, tasks }) => ({
      service: new GuardedService(
        new HttpModelService(name, url, { silenceMs: modelSilenceSeconds * 1000 }),
        log,
      ),
      tasks,
    })),
  );

/** What the program does besides the work of the worker. */
const COMMANDS = ['fetch-models', 'prepare-machine', 'forward-journal'];

async function main(command: string | undefined): Promise<number> {
  const log = createLog();
  try {
    switch (command) {
      case undefined:
        return await work(log);
      case 'fetch-models':
        // As the first process of a container, it would otherwise ignore the signal.
        process.once('SIGTERM', () => process.exit(1));
        await fetchModels(readModelFetchSettings(process.env), createClients().s3, log);
        return 0;
      case 'prepare-machine':
        await prepareMachine(
          readPrepareSettings(process.env),
          { ssm: new SSMClient(PATIENT), s3: createClients().s3 },
          log,
        );
        return 0;
      case 'forward-journal': {
        const settings = readJournalSettings(process.env);
        const stop = new AbortController();
        process.once('SIGTERM', () => stop.abort());
        const streams = new LogStreams(new CloudWatchLogsClient(PATIENT), settings.logGroup);
        await forwardJournal(settings, streams, stop.signal);
        return 0;
      }
      default:
        log.fatal(
          `Unknown command "${command}". Use ${COMMANDS.join(', ')}, or no command to start the worker.`,
        );
        return 2;
    }
  } catch (error) {
    // Errors that the operator can correct need no stack trace.
    const known = error instanceof SettingsError || error instanceof SpotscribeError;
    log.fatal(known ? {} : { err: error }, (error as Error).message);
    return 1;
  }
}

void main(process.argv[2]).then((code) => process.exit(code));
