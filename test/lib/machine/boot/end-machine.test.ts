import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '../../../../lib/machine/boot/common.sh');
let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'end-machine-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Puts a program in the place of another one. It notes its arguments. */
function program(name: string, lines: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/bash\necho "${name} $*" >>"${folder}/calls"\n${lines}\n`);
  chmodSync(file, 0o755);
}

/** Ends the machine. @returns the calls of programs that end it */
function endMachine({ state, aws = '' }: { state?: string; aws?: string }): string[] {
  program(
    'curl',
    `case "$*" in
      *api/token*) echo token ;;
      *instance-id) echo i-1 ;;
      *target-lifecycle-state) ${state === undefined ? 'exit 22' : `echo ${state}`} ;;
    esac`,
  );
  program('aws', aws);
  program('systemctl', '');
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const script = `source ${SCRIPT}; trap 'fail "line $LINENO"' ERR; end_machine; echo "ended" >>"${folder}/calls"`;
  execFileSync('bash', ['-c', script], { env });
  expect(existsSync(join(folder, 'calls'))).toBe(true);
  const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
  expect(calls.at(-1)).toBe('ended');
  return calls.filter((call) => /^(aws|systemctl)/.test(call));
}

const END =
  'aws autoscaling terminate-instance-in-auto-scaling-group --instance-id i-1 --should-decrement-desired-capacity';

describe('a machine that ends itself', () => {
  it.each([undefined, 'InService'])('leaves its group with one machine less (target state: %s)', (state) => {
    expect(endMachine({ state })).toEqual([END]);
  });

  it('lowers the count once: the worker may have ended it already', () => {
    expect(endMachine({ state: 'Terminated' })).toEqual([]);
  });

  it('powers off if the group refuses', () => {
    expect(endMachine({ state: 'InService', aws: 'exit 254' })).toEqual([END, 'systemctl poweroff']);
  });
});
