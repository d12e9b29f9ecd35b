import { appendFileSync, copyFileSync, cpSync, mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sourceTag } from '../../../lib/gpu/service-image';

const root = join(__dirname, '..', '..', '..');

describe('the tag of an image', () => {
  let copy: string;
  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'spotscribe-'));
    for (const folder of ['docker', 'lambda']) {
      cpSync(join(root, folder), join(copy, folder), {
        recursive: true,
        filter: (file) => !/\.venv|__pycache__|_cache/.test(file),
      });
    }
    copyFileSync(join(root, 'package-lock.json'), join(copy, 'package-lock.json'));
  });
  afterEach(() => rmSync(copy, { recursive: true }));

  test('is the same for the same sources, wherever they lie', () => {
    expect(sourceTag('whisper', copy)).toBe(sourceTag('whisper', root));
  });

  test('changes with a source of that image, and no other’s does', () => {
    const before = {
      worker: sourceTag('worker', copy),
      voxtral: sourceTag('voxtral', copy),
      whisper: sourceTag('whisper', copy),
    };
    appendFileSync(join(copy, 'docker/whisper/spotscribe_whisper/app.py'), '\n');
    expect(sourceTag('whisper', copy)).not.toBe(before.whisper);
    expect(sourceTag('worker', copy)).toBe(before.worker);
    expect(sourceTag('voxtral', copy)).toBe(before.voxtral);
  });

  test('changes for all model services with the packages of one, which they share', () => {
    const before = { whisper: sourceTag('whisper', copy), voxtral: sourceTag('voxtral', copy) };
    appendFileSync(join(copy, 'docker/voxtral/requirements.production.txt'), '\n');
    expect(sourceTag('whisper', copy)).not.toBe(before.whisper);
    expect(sourceTag('voxtral', copy)).not.toBe(before.voxtral);
  });

  test('does not change with tests and caches', () => {
    const before = sourceTag('whisper', copy);
    mkdirSync(join(copy, 'docker/whisper/tests'), { recursive: true });
    mkdirSync(join(copy, 'docker/whisper/spotscribe_whisper/__pycache__'));
    appendFileSync(join(copy, 'docker/whisper/tests/test_new.py'), 'x');
    appendFileSync(join(copy, 'docker/whisper/spotscribe_whisper/__pycache__/x'), 'x');
    expect(sourceTag('whisper', copy)).toBe(before);
  });
});
