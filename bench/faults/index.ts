/** The fault run: `npm run faults -- [options]`. */
import { interruption } from '../interruption';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../fleet/usage-error';
import { command, type RunOptions } from './options';
import { holds, summary } from './result';
import { runFaults } from './run';

// Hides the SDK's warning about future Node.js requirements.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

async function main({ json, ...options }: RunOptions & { json?: boolean }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spotscribe-faults-'));
  let keepFolder = false;
  const signal = interruption();
  try {
    const say = (text: string) => console.error(text);
    const result = await runFaults(options, { folder, signal, say });
    console.log(json ? JSON.stringify(result, null, 2) : summary(result));
    if (holds(result)) return;
    keepFolder = true;
    console.error(`The logs of the workers and the emulator are in ${folder}`);
    process.exitCode = 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = 130;
  } finally {
    if (!keepFolder) rmSync(folder, { recursive: true, force: true });
  }
}

command()
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  });
