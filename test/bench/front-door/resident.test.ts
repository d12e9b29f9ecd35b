import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resident } from '../../../bench/front-door/resident';

const HELD = 64e6;
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('memory of a process group', () => {
  test('includes the leader and its child processes', async () => {
    // Each allocates this memory, reports it, and waits for the end of its input.
    const holds = `const held = Buffer.alloc(${HELD}, 1); console.log('up'); process.stdin.resume();`;
    const starts = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(holds)}], { stdio: 'inherit' });`;
    const leader = spawn(process.execPath, ['-e', `${starts}${holds}`], { detached: true });
    let said = '';
    leader.stdout.on('data', (data) => (said += String(data)));
    while (said !== 'up\nup\n') await once(leader.stdout, 'data');
    expect(resident(leader.pid ?? 0)).toBeGreaterThan(2 * HELD);
    process.kill(-(leader.pid ?? 0), 'SIGKILL');
    await once(leader, 'exit');
    expect(resident(leader.pid ?? 0)).toBe(0);
  });
});
