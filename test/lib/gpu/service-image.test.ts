import { appendFileSync, copyFileSync, cpSync, mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sourceTag } from '../../../lib/gpu/service-image';

const root = join(__dirname, '..', '..', '..');

describe('the tag of an image', () => {
  let copy: string;
  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'spotscribe-'));
    for (const folder of ['docker/common', 'docker/whisper', 'docker/worker', 'lambda']) {
      cpSync(join(root, folder), join(copy, folder), {
        recursive: true,
        filter: (file) => !/\.venv|__pycache__/.test(file),
      });
    }
    copyFileSync(join(root, 'package-lock.json'), join(copy, 'package-lock.json'));
  });
  afterEach(() => rmSync(copy, { recursive: true }));

  test('is the same for the same sources, wherever they lie', () => {
    expect(sourceTag('whisper', copy)).toBe(sourceTag('whisper', root));
  });

  test('changes with a source of that image, and no other’s does', () => {
    const before = { worker: sourceTag('worker', copy), whisper: sourceTag('whisper', copy) };
    appendFileSync(join(copy, 'docker/whisper/Dockerfile'), '\n');
    expect(sourceTag('whisper', copy)).not.toBe(before.whisper);
    expect(sourceTag('worker', copy)).toBe(before.worker);
  });

  test('does not change with tests and caches', () => {
    const before = sourceTag('whisper', copy);
    mkdirSync(join(copy, 'docker/whisper/tests'), { recursive: true });
    mkdirSync(join(copy, 'docker/whisper/.pytest_cache'));
    appendFileSync(join(copy, 'docker/whisper/tests/test_new.py'), 'x');
    appendFileSync(join(copy, 'docker/whisper/.pytest_cache/x'), 'x');
    expect(sourceTag('whisper', copy)).toBe(before);
  });
});
