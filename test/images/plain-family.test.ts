import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { writeContext } from '../../lib/images/image-context';
import { until } from '../support/model-server';
import { buildStage, Container, inspect, programsIn } from './podman';

jest.setTimeout(40 * 60_000);

const DOCKER = join(__dirname, '../../docker');
const PORT = 8123;

/** A service's stage, as the Dockerfile has one for each service. */
const STAGE = `
FROM environment AS plain-service
COPY pyproject.toml requirements.laptop.txt /opt/
USER root
RUN --mount=type=bind,from=uv,source=/usr/local/bin,target=/mnt \\
    /mnt/uv pip install --no-cache --system-certs -r /opt/pyproject.toml -c /opt/requirements.laptop.txt
USER 10001
COPY spotscribe_common /opt/spotscribe/spotscribe_common
COPY spotscribe_testing /opt/spotscribe/spotscribe_testing
ENTRYPOINT ["python", "-m", "spotscribe_testing.service.plain_service"]
`;

/** Files of `docker/` that the stage copies. The lock gives the versions of the packages. */
const FILES = [
  'common/pyproject.toml',
  'common/spotscribe_common',
  'testing/spotscribe_testing',
  'whisper/requirements.laptop.txt',
];

const FOUND = `
from importlib.util import find_spec
print([name for name in ("fastapi", "numpy", "torch", "spotscribe_audio") if find_spec(name)])
`;

describe('a service without audio', () => {
  const containers: Container[] = [];
  beforeAll(async () => {
    const context = mkdtempSync(join(tmpdir(), 'spotscribe-images-'));
    try {
      writeContext({ images: ['environment'], bundle: false }, context);
      for (const file of FILES)
        cpSync(join(DOCKER, file), join(context, basename(file)), { recursive: true });
      appendFileSync(join(context, 'Dockerfile'), STAGE);
      const family = { family: 'plain', requirements: 'laptop' } as const;
      await buildStage('plain', { target: 'environment', ...family }, context);
      await buildStage('plain-service', { target: 'plain-service', ...family }, context);
    } finally {
      rmSync(context, { recursive: true });
    }
  });
  afterEach(async () => {
    for (const container of containers.splice(0)) await container.remove();
  });

  async function start(image: string, command: string[] = []) {
    const options = ['--tmpfs=/scratch', '--env=TMPDIR=/scratch', `--env=PORT=${PORT}`];
    const container = await Container.start(image, 'none', options, command);
    containers.push(container);
    return container;
  }

  test('is built on a family without ffmpeg and without packages', async () => {
    expect((await inspect('plain')).User).toBe('10001');
    expect(await programsIn('plain', ['uv', 'ffmpeg', 'ffprobe', 'python'])).toEqual(['python']);
    expect(await (await start('plain', ['sleep', '600'])).python(FOUND)).toBe('[]');
  });

  test('starts with its own packages, gets well, and ends with 0', async () => {
    const container = await start('plain-service');
    await until(() => container.healthy(PORT), 'the service to be healthy', 120);
    expect(await container.python(FOUND)).toBe("['fastapi']");
    expect(await programsIn('plain-service', ['uv', 'ffmpeg', 'python'])).toEqual(['python']);
    expect(await container.stop()).toBe(0);
  });
});
