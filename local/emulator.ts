import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ManagedProcess } from './processes';
import { noCapacityFile } from './spot-capacity';

const root = join(__dirname, '..');
const START_SECONDS = 30;

/** The account and region that the emulator plays. */
export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

/** Configuration of a client of the emulator in this process. */
export const clientConfiguration = (endpoint: string) => ({
  endpoint,
  region: REGION,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

/** The environment of a client of the emulator: an endpoint on this machine, and credentials that are none. */
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
  // Rules for AWS, which take some seconds of every deployment.
  CDK_VALIDATION: 'false',
});

/** What a process inherits of this one's environment: how to find programs, and nothing of AWS. */
export function baseEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'SSL_CERT_FILE'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/**
 * Starts the emulator on 127.0.0.1 and waits until it answers.
 *
 * @param zones letters of the availability zones that the account sees
 */
export async function startEmulator(
  python: string,
  port: number,
  stateDir: string,
  zones = 'abc',
): Promise<ManagedProcess> {
  const log = join(stateDir, 'emulator.log');
  // Where it unpacks functions, and leaves them.
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
      // The host of the queues' and the API's addresses.
      MINISTACK_HOST: '127.0.0.1',
      LOG_LEVEL: 'INFO',
      SPOTSCRIBE_NO_CAPACITY_FILE: noCapacityFile(stateDir),
      // Where handlers find the SDK, which the Lambda runtime would bring.
      NODE_PATH: join(root, 'node_modules'),
    },
    cwd: stateDir,
    log,
  });
  const deadline = Date.now() + START_SECONDS * 1000;
  while (Date.now() < deadline) {
    if (!emulator.running)
      throw new Error(`The emulator ended at its start (${await emulator.exited}): see ${log}`);
    const answer = await fetch(`http://127.0.0.1:${port}/_ministack/health`).catch(() => undefined);
    if (answer?.ok) return emulator;
    await sleep(100);
  }
  await emulator.stop(1);
  throw new Error(`The emulator did not answer within ${START_SECONDS} seconds: see ${log}`);
}
