import { join } from 'node:path';
import type { ContainerDefinition } from '@aws-sdk/client-ecs';

const root = join(__dirname, '..', '..');

export interface Command {
  file: string;
  args: string[];
  /** Variables that replace the contents of the image. */
  env: Record<string, string>;
}

/** Environments and bundles that replace the images. */
export interface Installed {
  /** Python interpreter of the model services' environment. */
  servicePython: string;
  /** The worker as one file. */
  workerBundle: string;
}

/**
 * The local command that replaces an image's entry point.
 *
 * @throws if there is no command for the container
 */
export function commandOf({ name = '', command = [] }: ContainerDefinition, installed: Installed): Command {
  switch (name) {
    case 'models':
    case 'worker':
      return {
        file: process.execPath,
        args: ['--enable-source-maps', installed.workerBundle, ...command],
        // Hides the SDK's warning about future Node.js requirements, which the image meets.
        env: {
          NODE_PATH: join(root, 'node_modules'),
          AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        },
      };
    case 'whisper':
    case 'voxtral': {
      const packages = ['common', 'audio', name].map((folder) => join(root, 'docker', folder));
      return {
        file: installed.servicePython,
        args: ['-m', `spotscribe_${name}`, ...command],
        env: { PYTHONPATH: packages.join(':'), PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' },
      };
    }
    default:
      throw new Error(
        `There is no local command for the container "${name}": add one in local/machine/commands.ts`,
      );
  }
}
