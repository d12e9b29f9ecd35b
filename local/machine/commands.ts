import { createHash } from 'node:crypto';
import { basename, delimiter, dirname, join } from 'node:path';
import type { MachineSpec, ProcessExec } from '../../core/contract/machine-spec';
import { pythonEnvironment } from '../installation';

const root = join(__dirname, '..', '..');

export interface Command {
  file: string;
  args: string[];
  /** Variables that replace the contents of the image. */
  env: Record<string, string>;
}

export interface ProgramsOptions {
  /** The worker as one file. */
  workerBundle: string;
  /** Folder of the user's app. @default - this package */
  app?: string;
  /** Makes the Python environment of a requirements file. @default pythonEnvironment */
  environment?: typeof pythonEnvironment;
  onProgress?: (text: string) => void;
}

/** The programs that replace images, with a Python environment for each requirements file. */
export class Programs {
  /** Python interpreters by requirements file. */
  private readonly interpreters = new Map<string, Promise<string>>();

  constructor(private readonly options: ProgramsOptions) {}

  /** Makes all environments of a machine. */
  async prepare({ processes }: MachineSpec): Promise<void> {
    for (const { exec } of processes) await this.commandOf(exec);
  }

  /** The local command that replaces an image's entry point. Makes its environment if it is missing. */
  async commandOf(exec: ProcessExec): Promise<Command> {
    const { args = [] } = exec;
    if (exec.kind === 'node')
      return {
        file: process.execPath,
        args: ['--enable-source-maps', this.options.workerBundle, ...args],
        // Hides the SDK's warning about future Node.js requirements, which the image meets.
        env: {
          NODE_PATH: join(root, 'node_modules'),
          AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        },
      };
    const { from = 'package', requirements, folders, module } = exec;
    const base = from === 'package' ? root : (this.options.app ?? root);
    return {
      file: await this.interpreter(join(base, requirements), from),
      args: ['-m', module, ...args],
      env: {
        PYTHONPATH: folders.map((folder) => join(base, folder)).join(delimiter),
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONUNBUFFERED: '1',
      },
    };
  }

  private interpreter(requirements: string, from: 'package' | 'app'): Promise<string> {
    const { environment = pythonEnvironment, onProgress = () => undefined } = this.options;
    const made =
      this.interpreters.get(requirements) ??
      environment(nameOf(requirements, from), requirements, onProgress);
    this.interpreters.set(requirements, made);
    // A failed one is made again.
    made.catch(() => this.interpreters.delete(requirements));
    return made;
  }
}

/** Name of an environment. All apps on this machine share the folder of environments. */
const nameOf = (requirements: string, from: 'package' | 'app'): string => {
  const name = basename(dirname(requirements));
  if (from === 'package') return name;
  return `app-${name}-${createHash('sha256').update(requirements).digest('hex').slice(0, 8)}`;
};
