import { spawn, spawnSync } from 'node:child_process';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { BatchGetImageCommand, ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { DescribeTaskDefinitionCommand, ECSClient } from '@aws-sdk/client-ecs';
import { type Command, Option } from 'commander';
import { OUTPUT } from '../lambda/contract';
import { fromAws } from './aws-errors';
import type { Context } from './context';
import { findStack } from './deployed-stack';
import { CliError, UsageError } from './errors';
import { type ImageBuild, imageBuilds } from './image-builds';

interface PushOptions {
  stack?: string;
  builder?: string;
  force?: boolean;
  json?: boolean;
}

const BUILDERS = ['docker', 'podman'];

/** `spotscribe images push` */
export function registerImages(program: Command, context: Context): void {
  program
    .command('images')
    .description('the container images of a deployment')
    .command('push')
    .description(
      'Builds the images that a deployed stack runs and pushes them to its repositories, those that are there already\n' +
        'excepted. Needs Docker or Podman, and AWS credentials that may push to ECR.',
    )
    .option('--stack <name>', 'the deployed stack (default: the only one named Spotscribe-…)')
    .addOption(
      new Option('--builder <program>', 'what builds them (default: the first that is installed)').choices(
        BUILDERS,
      ),
    )
    .option('--force', 'build and push what is there already, too')
    .option('--json', 'print one JSON document')
    .action(async (options: PushOptions) => {
      try {
        await push(options, context);
      } catch (error) {
        throw fromAws(error);
      }
    });
}

async function push(options: PushOptions, { terminal, interruption }: Context): Promise<void> {
  const stack = await findStack(new CloudFormationClient(), options.stack);
  const taskDefinition = stack.outputs[OUTPUT.taskDefinition];
  const described = await new ECSClient().send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const builds = imageBuilds(described.taskDefinition ?? {});
  const ecr = new ECRClient();
  const results: { image: string; state: 'present' | 'pushed' }[] = [];
  for (const build of builds) {
    const present = options.force !== true && (await exists(ecr, build));
    if (!present) {
      const builder = options.builder ?? installedBuilder();
      terminal.say(`building ${build.repository}:${build.tag}`);
      if (build.prepare !== undefined) await run(build.prepare, interruption);
      // The machines are x86-64, whatever this one is.
      await run(
        [builder, 'build', '--platform', 'linux/amd64', '-t', build.uri, ...build.args],
        interruption,
      );
      await login(ecr, builder, build.registry, interruption);
      terminal.say(`pushing ${build.repository}:${build.tag}`);
      await run([builder, 'push', build.uri], interruption);
    }
    results.push({ image: build.uri, state: present ? 'present' : 'pushed' });
  }
  if (options.json === true) return terminal.json({ images: results });
  for (const { image, state } of results) terminal.say(`${state}  ${image}`);
}

async function exists(ecr: ECRClient, { repository, tag }: ImageBuild): Promise<boolean> {
  const { images = [] } = await ecr.send(
    new BatchGetImageCommand({ repositoryName: repository, imageIds: [{ imageTag: tag }] }),
  );
  return images.length > 0;
}

/** The password goes through the standard input: other users of this machine see a program's arguments. */
async function login(
  ecr: ECRClient,
  builder: string,
  registry: string,
  interruption: AbortSignal,
): Promise<void> {
  const { authorizationData = [] } = await ecr.send(new GetAuthorizationTokenCommand({}));
  const [user = '', password = ''] = Buffer.from(authorizationData[0]?.authorizationToken ?? '', 'base64')
    .toString()
    .split(':');
  await run([builder, 'login', '--username', user, '--password-stdin', registry], interruption, password);
}

function installedBuilder(): string {
  const found = BUILDERS.find(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
  );
  if (found !== undefined) return found;
  throw new UsageError(
    'Neither Docker nor Podman is installed: install one of them, or push from a machine that has it',
  );
}

/** Runs a program whose output is the user's to see. */
function run([file = '', ...args]: string[], signal: AbortSignal, input?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: [input === undefined ? 'ignore' : 'pipe', 2, 2], signal });
    child.once('error', (error) =>
      reject(
        signal.aborted
          ? (signal.reason as Error)
          : new CliError('internal', `Could not run ${file}: ${error.message}`),
      ),
    );
    child.once('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new CliError(
            'internal',
            `"${file} ${args[0] ?? ''}" failed with exit status ${code}: its output says why`,
          ),
        );
    });
    child.stdin?.end(input);
  });
}
