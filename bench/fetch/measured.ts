import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { BenchContext } from '../benchmark';

/**
 * Runs a program and prints its resource usage, which the kernel reports when a process has ended.
 */
const MEASURE = `
import json, resource, subprocess, sys, time
began = time.monotonic()
code = subprocess.run(sys.argv[1:], stdout=sys.stderr).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"code": code, "seconds": time.monotonic() - began, "cpu": used.ru_utime + used.ru_stime, "kilobytes": used.ru_maxrss}))
`;
const measured = z.object({
  code: z.literal(0),
  seconds: z.number(),
  cpu: z.number(),
  kilobytes: z.number(),
});
export type Measured = z.infer<typeof measured>;

/** Environment of both programs: the S3 endpoint, and the native client for the AWS CLI. */
export function environment(folder: string, port: string): Record<string, string> {
  const config = join(folder, 'aws-config');
  writeFileSync(
    config,
    '[default]\nregion = us-east-1\ns3 =\n  preferred_transfer_client = crt\n  addressing_style = path\n',
  );
  return {
    PATH: process.env.PATH ?? '',
    AWS_CONFIG_FILE: config,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}

export function measure(
  command: string[],
  env: Record<string, string>,
  { signal }: BenchContext,
): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = spawn('python3', ['-c', MEASURE, ...command], {
      env,
      signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const seen = { out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => (seen.out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (seen.err += data.toString()));
    child.once('error', reject);
    child.once('close', () => {
      const { success, data } = measured.safeParse(JSON.parse(seen.out === '' ? '{}' : seen.out));
      if (success) resolve(data);
      else reject(new Error(`"${command.slice(0, 4).join(' ')}" failed: ${seen.err.slice(-2000)}`));
    });
  });
}

/**
 * A separate process, because in this process the server would share a thread with the measurement.
 */
export async function startServer(bucket: string, { signal }: BenchContext) {
  const file = join(__dirname, 'server.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', file, bucket], {
    signal,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.on('error', () => undefined);
  for await (const port of createInterface(child.stdout)) return { port, stop: () => void child.kill() };
  throw new Error('The server of the benchmark did not start');
}
