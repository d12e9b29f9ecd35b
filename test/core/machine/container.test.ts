import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CONTAINER_UID, PORT } from '../../../core/machine/container';
import { SERVICES } from '../../../lib/services';

const docker = path.join(__dirname, '..', '..', '..', 'docker');
const read = (file: string) => readFileSync(path.join(docker, file), 'utf8');
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => Number(found));

test('the Dockerfiles and the services use the ports and the user of the contract', () => {
  const [worker, models] = [read('worker/Dockerfile'), read('Dockerfile')];
  expect(all(worker, /\bPORT=(\d+)/g)).toEqual([PORT.worker]);
  expect(all(worker, /EXPOSE (\d+)/g)).toEqual([PORT.worker]);
  const ports = Object.values(SERVICES).map(({ port }) => port);
  expect(all(models, /\bPORT=(\d+)/g)).toEqual(ports);
  expect(all(models, /EXPOSE (\d+)/g)).toEqual(ports);
  expect(new Set(all(worker + models, /USER (\d+)/g))).toEqual(new Set([CONTAINER_UID]));
  expect(all(models, /--uid (\d+)/g)).toEqual([CONTAINER_UID]);
  for (const { name, port } of Object.values(SERVICES)) {
    const settings = read(`${name}/spotscribe_${name}/settings.py`);
    expect(all(settings, /port: int = Field\(default=(\d+)/g)).toEqual([port]);
  }
});
