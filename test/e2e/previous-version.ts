import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskDefinition } from '@aws-sdk/client-ecs';
import type * as deploy from '../../local/deploy';
import type * as installation from '../../local/installation';
import { commit } from '../fixtures/previous-version.json';
import { root } from './laptop';
import type { instanceOptions, VersionInstance } from './version-machine';

const LOCK = 'docker/whisper/requirements.laptop.txt';

/**
 * The version from which deployments are updated: its sources, and what they do on a laptop. Its commit, in
 * `test/fixtures/previous-version.json`, becomes another one with each release.
 */
export interface PreviousVersion {
  sources: string;
  deployPath: typeof deploy.deployPath;
  /** Runs a task of its deployment on a machine. */
  run(task: TaskDefinition, options: ReturnType<typeof instanceOptions>): Promise<VersionInstance>;
}

/** Its emulation of a machine, which runs task definitions of ECS. */
interface PreviousEmulation {
  commands: { commandOf(container: object, installed: object): object };
  instance: {
    LocalInstance: new (options: object) => VersionInstance & { run(task: TaskDefinition): Promise<void> };
  };
}

/**
 * Takes the previous version out of the repository's history, into a folder that does not exist yet.
 *
 * @throws if the history does not reach that far
 */
export async function previousVersion(sources: string): Promise<PreviousVersion> {
  extract(sources);
  symlinkSync(join(root, 'node_modules'), join(sources, 'node_modules'));
  shareEnvironment(sources);
  const { deployPath } = (await import(join(sources, 'local/deploy'))) as typeof deploy;
  const { pythonEnvironment, workerBundle } = (await import(
    join(sources, 'local/installation')
  )) as typeof installation;
  const { commandOf } = (await import(join(sources, 'local/commands'))) as PreviousEmulation['commands'];
  const { LocalInstance } = (await import(join(sources, 'local/instance'))) as PreviousEmulation['instance'];
  const installed = {
    servicePython: await pythonEnvironment('whisper', LOCK, () => undefined),
    workerBundle: await workerBundle(join(sources, '.spotscribe')),
  };
  return {
    sources,
    deployPath,
    run: async (task, options) => {
      const commands = (container: object) => commandOf(container, installed);
      const instance = new LocalInstance({ ...options, commandOf: commands });
      await instance.run(task);
      return instance;
    },
  };
}

function extract(sources: string): void {
  const git = ['-C', root];
  try {
    execFileSync('git', [...git, 'cat-file', '-e', `${commit}^{commit}`], { stdio: 'pipe' });
  } catch (error) {
    throw new Error(
      `This clone lacks ${commit}, the previous version (test/fixtures/previous-version.json). Fetch the whole history: git fetch --unshallow`,
      { cause: error },
    );
  }
  mkdirSync(sources);
  const archive = execFileSync('git', [...git, 'archive', commit], { maxBuffer: 2 ** 28 });
  execFileSync('tar', ['-x', '-C', sources], { input: archive });
}

/** Lets it use this checkout's environment if that has the same packages; otherwise it makes one of its own. */
function shareEnvironment(sources: string): void {
  const environments = join('.spotscribe', 'python');
  mkdirSync(join(sources, environments), { recursive: true });
  const [ours, theirs] = [root, sources].map((folder) => readFileSync(join(folder, LOCK), 'utf8'));
  if (ours === theirs)
    symlinkSync(join(root, environments, 'whisper'), join(sources, environments, 'whisper'));
}
