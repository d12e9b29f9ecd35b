import { join } from 'node:path';
import type { TaskDefinition } from '@aws-sdk/client-ecs';
import { ENV } from '../lambda/contract';
import { CliError } from './errors';

const root = join(__dirname, '..');

/** One image to build, and the address that the deployment runs it from. */
export interface ImageBuild {
  /** Repository and tag, as the task definition names them. */
  uri: string;
  registry: string;
  repository: string;
  tag: string;
  /** What to run before, to make what the build copies. */
  prepare?: string[];
  /** What follows `docker build`, but for the tag and the platform. */
  args: string[];
}

/**
 * The images of a deployed task, each once.
 *
 * @throws CliError if the task runs a container that this package has no image for
 */
export function imageBuilds({ containerDefinitions = [] }: TaskDefinition): ImageBuild[] {
  const builds = new Map<string, ImageBuild>();
  for (const { name = '', image: uri = '', environment = [] } of containerDefinitions) {
    const address = /^([^/]+)\/(.+):([^:/]+)$/.exec(uri);
    if (address === null)
      throw new CliError(
        'invalid_request',
        `Container ${name} runs "${uri}", which is no address with a tag`,
      );
    const [, registry = '', repository = '', tag = ''] = address;
    const engine = environment.find((variable) => variable.name === ENV.whisperEngine)?.value;
    builds.set(uri, { uri, registry, repository, tag, ...source(name, engine) });
  }
  return [...builds.values()];
}

function source(container: string, engine?: string): Pick<ImageBuild, 'prepare' | 'args'> {
  switch (container) {
    case 'models':
    case 'worker':
      return {
        prepare: [process.execPath, join(root, 'docker/worker/build.mjs')],
        args: ['-f', join(root, 'docker/worker/Dockerfile'), join(root, 'docker/worker')],
      };
    case 'whisper': {
      const requirements = engine === 'pocketsphinx' ? 'laptop' : 'production';
      const folder = join(root, 'docker');
      return {
        args: [
          '-f',
          join(folder, 'whisper/Dockerfile'),
          '--build-arg',
          `REQUIREMENTS=${requirements}`,
          folder,
        ],
      };
    }
    default:
      throw new CliError('not_found', `There is no image for the container "${container}" in this package`);
  }
}
