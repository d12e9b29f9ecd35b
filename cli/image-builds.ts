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
    const variables = Object.fromEntries(
      environment.map((variable): [string, string | undefined] => [variable.name ?? '', variable.value]),
    );
    builds.set(uri, { uri, registry, repository, tag, ...source(name, variables) });
  }
  return [...builds.values()];
}

function source(
  container: string,
  variables: Record<string, string | undefined>,
): Pick<ImageBuild, 'prepare' | 'args'> {
  switch (container) {
    case 'models':
    case 'worker':
      return {
        prepare: [process.execPath, join(root, 'docker/worker/build.mjs')],
        args: ['-f', join(root, 'docker/worker/Dockerfile'), join(root, 'docker/worker')],
      };
    case 'whisper':
      return modelService(container, variables[ENV.whisperEngine] === 'pocketsphinx');
    case 'voxtral':
      return modelService(container, variables[ENV.voxtralEngine] === 'extractive');
    default:
      throw new CliError('not_found', `There is no image for the container "${container}" in this package`);
  }
}

/** A model service's image, with the packages of a laptop's engine or of the one for GPUs. */
function modelService(target: string, onLaptops: boolean): Pick<ImageBuild, 'args'> {
  const folder = join(root, 'docker');
  const requirements = `REQUIREMENTS=${onLaptops ? 'laptop' : 'production'}`;
  return {
    args: ['-f', join(folder, 'Dockerfile'), '--target', target, '--build-arg', requirements, folder],
  };
}
