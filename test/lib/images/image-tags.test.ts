import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { ImageBuilds } from '../../../lib/images/image-builds';
import { ImageRepositories } from '../../../lib/images/image-repositories';
import { type Resources, root, synthesise, tags } from './synthesised-images';

describe('the tag of an image', () => {
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'spotscribe-'));
    for (const folder of ['core', 'docker', 'lambda']) {
      cpSync(join(root, folder), join(copy, folder), {
        recursive: true,
        filter: (file) => !/\.venv|__pycache__|_cache|\/tests/.test(file),
      });
    }
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  /** Tags of the copy as it is. */
  let known: Record<string, unknown> | undefined;
  const changed = (file: string): string[] => {
    const before = known ?? tags(synthesise(copy).paths);
    mkdirSync(join(copy, file, '..'), { recursive: true });
    appendFileSync(join(copy, file), '\n');
    const after = tags(synthesise(copy).paths);
    known = after;
    return Object.keys(after).filter((image) => after[image] !== before[image]);
  };

  test('is the same for the same sources in any folder', () => {
    expect(tags(synthesise(copy).paths)).toEqual(tags(synthesise(root).paths));
  });

  test.each([
    ['docker/whisper/spotscribe_whisper/app.py', ['Whisper']],
    ['docker/voxtral/spotscribe_voxtral/app.py', ['Voxtral']],
    ['docker/common/spotscribe_common/http/app.py', ['Whisper', 'Voxtral']],
    ['docker/audio/spotscribe_audio/audio/decode.py', ['Whisper', 'Voxtral']],
    // A package that is added for one service changes no other image.
    ['docker/whisper/requirements.production.txt', ['Whisper']],
    ['docker/voxtral/requirements.production.txt', ['Voxtral']],
    ['docker/families/torch.txt', ['Environment', 'Whisper', 'Voxtral']],
    ['docker/layers.sh', ['Environment', 'Whisper', 'Voxtral']],
    ['docker/ffmpeg.sh', ['Environment', 'Whisper', 'Voxtral']],
    ['docker/Dockerfile', ['Environment', 'Whisper', 'Voxtral']],
    ['docker/worker/Dockerfile', ['Worker']],
    ['docker/build.sh', ['Worker', 'Environment', 'Whisper', 'Voxtral']],
    ['docker/whisper/tests/test_new.py', []],
    ['docker/whisper/spotscribe_whisper/__pycache__/app.pyc', []],
    ['docker/models.json', []],
  ])('with a change in %s is another one for %j alone', (file, images) => {
    expect(changed(file).sort()).toEqual([...images].sort());
  });

  test('changes with the packages and with the edition', () => {
    const before = tags(synthesise(root).paths);
    const laptop = tags(synthesise(root, { engine: 'faster-whisper', voxtralEngine: 'extractive' }).paths);
    const later = tags(synthesise(root, { imageEdition: '2026-12' }).paths);
    expect(laptop.Worker).toBe(before.Worker);
    for (const image of ['Environment', 'Whisper', 'Voxtral']) expect(laptop[image]).not.toBe(before[image]);
    for (const image of Object.keys(before)) expect(later[image]).not.toBe(before[image]);
  });

  test('and its source are all that changes with a file', () => {
    const before = synthesise(copy);
    appendFileSync(join(copy, 'docker/whisper/spotscribe_whisper/app.py'), '\n');
    const after = synthesise(copy);
    const masked = (resources: Resources) => JSON.stringify(resources).replace(/[a-f0-9]{64}/g, '<hash>');
    expect(masked(after.paths)).toBe(masked(before.paths));
    expect(masked(after.foundation)).toBe(masked(before.foundation));
    const differing = Object.keys(after.paths).filter(
      (id) => JSON.stringify(after.paths[id]) !== JSON.stringify(before.paths[id]),
    );
    expect(differing).toEqual([expect.stringMatching(/^ImagesWhisper/)]);
    // The foundation's policy: what the build may read.
    const permitted = Object.keys(after.foundation).filter(
      (id) => JSON.stringify(after.foundation[id]) !== JSON.stringify(before.foundation[id]),
    );
    expect(permitted).toEqual([expect.stringMatching(/^ImageBuildsWhisperRoleDefaultPolicy/)]);
  });
});

test('the worker’s tag changes with its bundle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spotscribe-'));
  try {
    for (const part of ['core', 'docker', 'lambda']) {
      cpSync(join(root, part), join(folder, part), {
        recursive: true,
        filter: (file) => !/\.venv|__pycache__|_cache|\/tests/.test(file),
      });
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const tag = () => {
      const stack = new Stack(new App(), 'Foundation');
      const repositories = new ImageRepositories(stack, 'Images', { onDestroy: 'keep' });
      return new ImageBuilds(stack, 'ImageBuilds', {
        repositories,
        trees: new Bucket(stack, 'Trees'),
        root: folder,
      }).of.worker.tag({});
    };
    const before = tag();
    appendFileSync(join(folder, 'lambda/frame/http.ts'), '\n// No part of the worker.\n');
    expect(tag()).toBe(before);
    appendFileSync(join(folder, 'docker/worker/src/main.ts'), '\nconsole.log("x");\n');
    expect(tag()).not.toBe(before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
