import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeployedMachine } from '../../../local/machine/deployed-machine';
import { LocalInstance } from '../../../local/machine/instance';
import { giveSpotNotice } from '../../../local/machine/spot-notice';
import { until } from '../../until';

/** Prints its revision at the start, and `down` on SIGTERM. It stops when the file `end` exists. */
const SCRIPT = `const { existsSync } = require('fs');
  process.on('SIGTERM', () => { console.log('down'); setInterval(() => existsSync('end') && process.exit(0), 10); });
  setInterval(() => undefined, 1000);
  console.log('up', process.env.REVISION);`;

describe('a machine', () => {
  let folder: string;
  let machine: LocalInstance;
  let leave: () => Promise<unknown>;
  const asked: string[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spotscribe-machine-'));
    asked.length = 0;
    leave = () => Promise.resolve();
    writeFileSync(join(folder, 'end'), '');
    machine = new LocalInstance({
      instance: { InstanceId: 'i-1' } as never,
      folder,
      aws: {},
      commandOf: () => Promise.resolve({ file: process.execPath, args: ['-e', SCRIPT], env: {} }),
      balanced: {
        isHealthy: () => true,
        leave: async () => {
          asked.push(said());
          await leave();
        },
      },
      onChange: () => undefined,
    });
  });
  afterEach(async () => {
    writeFileSync(join(folder, 'end'), '');
    await machine.end();
    rmSync(folder, { recursive: true });
  });

  const revised = (revision: number): DeployedMachine => ({
    revision: `revision ${revision}`,
    spec: {
      version: 1,
      images: {},
      processes: [
        {
          name: 'main',
          image: 'main',
          exec: { kind: 'node', bundle: 'worker' },
          environment: { REVISION: String(revision) },
          memory_mib: 1,
        },
      ],
      volumes: { models: '/mnt/models', machine: '/mnt/about/machine.json' },
    },
  });
  const models = () => join(folder, 'disk/mnt/models');
  const said = () =>
    existsSync(join(folder, 'main.log')) ? readFileSync(join(folder, 'main.log'), 'utf8') : '';
  const started = async () => {
    await machine.run(revised(1));
    await until(() => said() === 'up 1\n');
  };

  test('waits for requests, sends SIGTERM, then starts the new task, and keeps its disk', async () => {
    await started();
    writeFileSync(join(models(), 'weights'), 'x');
    let requestsEnd: () => void = () => undefined;
    const requests = new Promise<void>((resolve) => (requestsEnd = resolve));
    leave = () => requests;
    const replaced = machine.run(revised(2));
    await until(() => asked.length > 0);
    expect(machine.served).toEqual([]);
    await sleep(100);
    expect(said()).toBe('up 1\n');
    requestsEnd();
    await replaced;
    await until(() => said() === 'up 1\ndown\nup 2\n');
    expect(machine).toMatchObject({ revision: 'revision 2', leaving: false, healthy: true });
    expect(existsSync(join(models(), 'weights'))).toBe(true);
  });

  test('gives its processes a file that describes it', async () => {
    await started();
    const text = readFileSync(join(folder, 'disk/mnt/about/machine.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ instance_id: 'i-1', capacity: 'local' });
  });

  test('drains: its task ends without a replacement, and the disk stays until the machine ends', async () => {
    await started();
    await machine.drain();
    await machine.run(revised(2));
    expect(said()).toBe('up 1\ndown\n');
    expect(machine.describe()).toMatchObject({ leaving: true, containers: [{ running: false }] });
    expect(existsSync(models())).toBe(true);
    await machine.end();
    expect(existsSync(models())).toBe(false);
  });

  test('can be killed while it drains, with all processes', async () => {
    await started();
    rmSync(join(folder, 'end'));
    const drained = machine.drain();
    await until(() => said() === 'up 1\ndown\n');
    machine.kill();
    await drained;
    expect(machine.processes()).toEqual([]);
  });

  test('knows the time of its interruption by EC2', () => {
    expect(machine.gone).toBeUndefined();
    const at = new Date('2026-11-21T12:02:00Z');
    giveSpotNotice(folder, at);
    expect(machine.gone).toEqual(at);
  });
});
