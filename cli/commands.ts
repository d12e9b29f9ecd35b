/* eslint-disable @typescript-eslint/no-require-imports, @typescript-eslint/consistent-type-imports --
   A command's modules are loaded when it is used. `import()` would need a second loader for TypeScript. */
import type { Command } from 'commander';
import type { Context } from './context';

/** Adds a command to the program. */
type Register = (program: Command, context: Context) => void;

/** All commands, in the order of the help. Loading all takes half a second, most of it for the clients of AWS. */
const COMMANDS: Record<string, () => Register> = {
  transcribe: () =>
    (require('./transcribe/transcribe') as typeof import('./transcribe/transcribe')).registerTranscribe,
  run: () => (require('./run/run') as typeof import('./run/run')).registerRun,
  say: () => (require('./say/say') as typeof import('./say/say')).registerSay,
  voices: () => (require('./voices/voices') as typeof import('./voices/voices')).registerVoices,
  search: () => (require('./search/search') as typeof import('./search/search')).registerSearch,
  clips: () => (require('./clips/clips') as typeof import('./clips/clips')).registerClips,
  jobs: () => (require('./jobs/jobs') as typeof import('./jobs/jobs')).registerJobs,
  usage: () => (require('./keys/usage') as typeof import('./keys/usage')).registerUsage,
  warm: () => (require('./fleet/warm') as typeof import('./fleet/warm')).registerWarm,
  cost: () => (require('./cost/cost') as typeof import('./cost/cost')).registerCost,
  keys: () => (require('./keys/keys') as typeof import('./keys/keys')).registerKeys,
  models: () => (require('./models/models') as typeof import('./models/models')).registerModels,
  local: () => (require('./local/local') as typeof import('./local/local')).registerLocal,
  demo: () => (require('./local/demo') as typeof import('./local/demo')).registerDemo,
};

/**
 * The command that the arguments name. Without a known name, all commands: help and suggestions need them.
 *
 * @param args the arguments after the program's name
 */
export function commandsFor([name = '']: string[]): Register[] {
  const wanted = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return (wanted === undefined ? Object.values(COMMANDS) : [wanted]).map((load) => load());
}
