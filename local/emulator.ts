import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ManagedProcess } from './processes';
import { noCapacityFile } from './spot-capacity';

const root = join(__dirname, '..');
const START_SECONDS = 30;

/** Account and region of the emulator. */
export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

/** Configuration of the emulator's clients in this process. */
export const clientConfiguration = (endpoint: string) => ({
  endpoint,
  region: REGION,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

/** Environment of the emulator's clients: a local endpoint and placeholder credentials. */
export const clientEnvironment = (endpoint: string): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  AWS_EC2_METADATA_DISABLED: 'true',
  CDK_DEFAULT_ACCOUNT: ACCOUNT,
  CDK_DEFAULT_REGION: REGION,
  CDK_DISABLE_CLI_TELEMETRY: 'true',
  // Skips validation rules for AWS, which would take seconds in every deployment.
  CDK_VALIDATION: 'false',
});

/** The inherited part of a process's environment: variables to find programs, but none of AWS. */
export function baseEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'SSL_CERT_FILE'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/**
 * Starts the emulator on 127.0.0.1 and waits until it answers.
 *
 * @param zones letters of the account's availability zones
 */
export async function startEmulator(
  python: string,
  port: number,
  stateDir: string,
  zones = 'abc',
): Promise<ManagedProcess> {
  const log = join(stateDir, 'emulator.log');
  // The emulator unpacks functions here and does not delete them.
  const temporary = join(stateDir, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const emulator = new ManagedProcess({
    name: 'emulator',
    file: python,
    args: ['-m', 'spotscribe_emulator'],
    env: {
      ...baseEnvironment(),
      PYTHONPATH: join(root, 'local/emulator'),
      PYTHONDONTWRITEBYTECODE: '1',
      TMPDIR: temporary,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_ACCOUNT_ID: ACCOUNT,
      MINISTACK_REGION: REGION,
      EMULATOR_ZONES: zones,
      // Host in the URLs of queues and of the API.
      MINISTACK_HOST: '127.0.0.1',
      LOG_LEVEL: 'INFO',
      SPOTSCRIBE_NO_CAPACITY_FILE: noCapacityFile(stateDir),
      // Gives handlers the SDK, which the Lambda runtime contains.
      NODE_PATH: join(root, 'node_modules'),
    },
    cwd: stateDir,
    log,
  });
  const deadline = Date.now() + START_SECONDS * 1000;
  while (Date.now() < deadline) {
    if (!emulator.running)
      throw new Error(`The emulator exited during its start (${await emulator.exited}): see ${log}`);
    const answer = await fetch(`http://127.0.0.1:${port}/_ministack/health`).catch(() => undefined);
    if (answer?.ok) return emulator;
    await sleep(100);
  }
  await emulator.stop(1);
  throw new Error(`The emulator did not answer within ${START_SECONDS} seconds: see ${log}`);
}
