import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CONTAINER_UID, PORT } from '../../../core/contract/container';

const docker = path.join(__dirname, '..', '..', '..', 'docker');
const read = (file: string) => readFileSync(path.join(docker, file), 'utf8');
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => Number(found));

test('the Dockerfiles and the services use the ports and the user of the contract', () => {
  const [worker, models] = [read('worker/Dockerfile'), read('Dockerfile')];
  expect(all(worker, /\bPORT=(\d+)/g)).toEqual([PORT.worker]);
  expect(all(worker, /EXPOSE (\d+)/g)).toEqual([PORT.worker]);
  expect(all(models, /\bPORT=(\d+)/g)).toEqual([PORT.whisper, PORT.voxtral]);
  expect(all(models, /EXPOSE (\d+)/g)).toEqual([PORT.whisper, PORT.voxtral]);
  expect(all(worker + models, /USER (\d+)/g)).toEqual([CONTAINER_UID, CONTAINER_UID]);
  expect(all(models, /--uid (\d+)/g)).toEqual([CONTAINER_UID]);
  for (const service of ['whisper', 'voxtral'] as const) {
    const settings = read(`${service}/spotscribe_${service}/settings.py`);
    expect(all(settings, /port: int = Field\(default=(\d+)/g)).toEqual([PORT[service]]);
  }
});
