import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sample } from './audio';
import { Laptop, root, spotscribe, until } from './laptop';

const APP = join(root, 'test/fixtures/own-app');

interface Told {
  arguments: string[];
  environment: Record<string, string>;
}

describe('an app of a user with a service and a path of its own', () => {
  let laptop: Laptop;
  const stateDir = mkdtempSync(join(tmpdir(), 'spotscribe-own-'));
  beforeAll(async () => {
    await spotscribe(['local', 'up', '--app', APP, '--path', 'Parrot', '--state-dir', stateDir], {});
    laptop = new Laptop(stateDir);
  });
  afterAll(async () => {
    await spotscribe(['local', 'down', '--state-dir', stateDir], {});
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('is deployed on a laptop, and a machine runs the service from the app’s folder', async () => {
    await laptop.submit(sample());
    const port = await until('the service to run', 90, () => {
      const containers = laptop.machines().flatMap((machine) => machine.containers);
      return Promise.resolve(containers.find(({ name, running }) => name === 'parrot' && running)?.port);
    });
    const told = await until('the service to answer', 30, async () =>
      fetch(`http://127.0.0.1:${port}/health`).then(
        async (answer) => (await answer.json()) as Told,
        () => undefined,
      ),
    );
    expect(told.arguments).toEqual(['--loud']);
    expect(told.environment).toMatchObject({
      GREETING: 'hello',
      PORT: String(port),
      PYTHONPATH: join(APP, 'parrot'),
      MODEL_DIR: expect.stringContaining('/disk/mnt/nvme/models') as unknown,
    });
  });

  test('has its worker beside the service, on the same machine', async () => {
    await until('the worker to run', 30, () => {
      const [machine] = laptop.machines();
      const running = machine?.containers.filter((each) => each.running).map(({ name }) => name);
      return Promise.resolve(running?.includes('worker') === true ? true : undefined);
    });
  });
});
