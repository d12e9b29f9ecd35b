import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserData } from 'aws-cdk-lib/aws-ec2';

const SHEBANG = '#!/bin/bash\n';

const read = (name: string): string =>
  readFileSync(join(__dirname, 'boot', `${name}.sh`), 'utf8').slice(SHEBANG.length);

/**
 * The script that a machine runs at boot, as one file: values that are known during deployment, the
 * shared part, and that of the runtime.
 *
 * @param runtime name of a file in `boot`
 * @param values variables of the script
 */
export function bootScript(runtime: 'ecs' | 'systemd', values: Record<string, string>): UserData {
  const lines = Object.entries(values).map(([name, value]) => `export ${name}='${value}'\n`);
  return UserData.custom([SHEBANG, ...lines, read('common'), read(runtime)].join(''));
}
