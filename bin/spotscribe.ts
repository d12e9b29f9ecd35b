import { InterruptedError } from '../cli/errors';
import { localConnection } from '../cli/local/local-connection';
import { runProgram } from '../cli/program';

// Hides the SDK's warning about future Node.js requirements.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Handles one signal only, so that a second Ctrl-C ends the program at once.
  process.once(signal, () => stop.abort(new InterruptedError(signal)));
}
// A closed pipe, for example from `head`, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

void runProgram(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  env: process.env,
  stdin: () => process.stdin,
  interruption: stop.signal,
  localConnection,
}).then((code) => {
  process.exitCode = code;
});
