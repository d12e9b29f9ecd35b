import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Family, Requirements } from '../../lib/images/families';

const execute = promisify(execFile);

/** What Podman tells of an image. */
export interface Image {
  User: string;
  Config: { Env: string[]; Entrypoint: string[]; Healthcheck?: object };
  RootFS: { Layers: string[] };
}

export async function podman(...args: string[]): Promise<string> {
  try {
    return (await execute('podman', args, { maxBuffer: 2 ** 26 })).stdout.trim();
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(`podman ${args[0]}: ${stderr.trim().split('\n').slice(-15).join('\n')}`, {
      cause: error,
    });
  }
}

/** Builds an image, on a base image that is here. */
export const build = (name: string, base: string, args: string[]): Promise<string> =>
  podman(
    ...['build', '--quiet', '--pull=never', '--network=host', '--format=docker', '--layers'],
    ...['--build-arg', `BASE_IMAGE=localhost/base-${base}`, '--tag', `localhost/${name}`],
    ...args,
  );

/** Builds a stage of the services' Dockerfile. */
export const buildStage = (
  name: string,
  { target, family, requirements }: { target: string; family: Family; requirements: Requirements },
  context: string,
): Promise<string> =>
  build(name, 'python', [
    ...['--target', target],
    ...['--build-arg', `FAMILY=${family}`],
    ...['--build-arg', `REQUIREMENTS=${requirements}`],
    context,
  ]);

export async function inspect(name: string): Promise<Image> {
  const [image] = JSON.parse(await podman('inspect', '--type=image', `localhost/${name}`)) as Image[];
  if (image === undefined) throw new Error(`There is no image ${name}`);
  return image;
}

/** Those of the programs that an image has. */
export async function programsIn(image: string, names: string[]): Promise<string[]> {
  const look = 'for name; do if command -v "$name" >/dev/null; then echo "$name"; fi; done';
  const options = ['--rm', '--pull=never', '--network=none', '--entrypoint=sh'];
  const found = await podman('run', ...options, `localhost/${image}`, '-c', look, 'sh', ...names);
  return found.split('\n').filter((name) => name !== '');
}

/** What a program of an image writes to standard output. */
export const outputOf = (image: string, program: string, ...args: string[]): Promise<string> =>
  podman(
    'run',
    '--rm',
    '--pull=never',
    '--network=none',
    `--entrypoint=${program}`,
    `localhost/${image}`,
    ...args,
  );

/** A container, started as ECS starts those of a task: no root, a root file system that nobody can write, no rights. */
export class Container {
  static async start(image: string, network: string, options: string[], command: string[] = []) {
    const rights = [
      '--read-only',
      '--read-only-tmpfs=false',
      '--cap-drop=all',
      '--security-opt=no-new-privileges',
    ];
    const id = await podman(
      ...['run', '--detach', '--pull=never', `--network=${network}`, ...rights, ...options],
      `localhost/${image}`,
      ...command,
    );
    return new Container(id);
  }

  private constructor(private readonly id: string) {}

  /** Whether a model service inside says on `/health` that it is ready. */
  healthy(port: number): Promise<boolean> {
    const url = `http://127.0.0.1:${port}/health`;
    return this.python(`import urllib.request; urllib.request.urlopen("${url}", timeout=4)`).then(
      () => true,
      () => false,
    );
  }

  /** Whether the image's own health check passes. */
  checked(): Promise<boolean> {
    return podman('healthcheck', 'run', this.id).then(
      () => true,
      () => false,
    );
  }

  /** Runs a Python program inside, and reads what it prints. */
  python(program: string, ...args: string[]): Promise<string> {
    return podman('exec', this.id, 'python', '-c', program, ...args);
  }

  run(...command: string[]): Promise<string> {
    return podman('exec', this.id, ...command);
  }

  /** Waits for the end. @returns the exit status */
  async ended(): Promise<number> {
    return Number(await podman('wait', this.id));
  }

  /** SIGTERM, and SIGKILL if that is not enough. @returns the exit status */
  async stop(): Promise<number> {
    await podman('stop', '--time=30', this.id);
    return this.ended();
  }

  logs(): Promise<string> {
    return podman('logs', this.id);
  }

  async remove(): Promise<void> {
    await podman('rm', '--force', '--time=0', this.id);
  }
}
