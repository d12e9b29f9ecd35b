import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { commandsFor } from './commands';
import type { Context } from './context';
import { CliError } from './errors';
import { EXIT, type ExitCode, exitCodesHelp } from './exit-codes';
import { type Surroundings, Terminal } from './terminal';

export interface Program extends Surroundings {
  interruption: AbortSignal;
  localConnection: Context['localConnection'];
}

/**
 * Runs the command line.
 *
 * @param args the arguments after the program's name
 * @returns the exit status; all errors have been printed
 */
export async function runProgram(
  args: string[],
  { interruption, localConnection, ...around }: Program,
): Promise<ExitCode> {
  const terminal = new Terminal(around);
  let exitCode: ExitCode = EXIT.ok;
  const exitWith = (code: ExitCode) => {
    exitCode = code;
  };
  try {
    const program = createProgram(args, { terminal, interruption, localConnection, exitWith });
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(error, args.includes('--json'), terminal);
  }
}

function createProgram(args: string[], context: Context): Command {
  const { terminal } = context;
  const program = new Command('spotscribe')
    .description('Private speech-to-text on spot GPUs in your own AWS account.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addHelpText('after', `\n${exitCodesHelp()}`)
    .showHelpAfterError('(use --help to see all options)')
    .configureOutput({
      writeOut: (text) => terminal.data(text),
      writeErr: (text) => terminal.around.err.write(text),
    })
    .exitOverride();
  for (const register of commandsFor(args)) register(program, context);
  return program;
}

function explain(error: unknown, json: boolean, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    // Commander has already printed the message. Help and version also end here, with 0.
    if (error.exitCode === 0) return EXIT.ok;
    if (json) terminal.json({ error: { code: 'usage', message: error.message } });
    return EXIT.usage;
  }
  if (error instanceof CliError) {
    if (json) terminal.json({ error: { code: error.code, message: error.message } });
    terminal.say(`${terminal.style('red', 'error:')} ${error.message}`);
    return error.exitCode;
  }
  terminal.say('Internal error of spotscribe. Please report it with the following text:');
  terminal.say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT.bug;
}

function version(): string {
  const text = readFileSync(join(__dirname, '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
