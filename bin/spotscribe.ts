import { InterruptedError } from '../cli/errors';
import { localConnection } from '../cli/local/local-key';
import { runProgram } from '../cli/program';

// The SDK says on every start that it will want a newer Node.js one day.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Once: a second Ctrl-C ends the program at once.
  process.once(signal, () => stop.abort(new InterruptedError(signal)));
}
// A reader such as `head` that has seen enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

void runProgram(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  env: process.env,
  interruption: stop.signal,
  localConnection: localConnection,
}).then((code) => {
  process.exitCode = code;
});
