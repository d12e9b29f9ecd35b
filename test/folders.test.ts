import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(__dirname, '..');
const MOST_FILES = 20;
const ROOMS = ['bench', 'bin', 'cli', 'core', 'docker/worker/src', 'lambda', 'lib', 'local', 'scripts'];

/** Folders with more source files than a reader takes in at once, with the number of their files. */
function crowded(folder: string, most = MOST_FILES): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.(ts|py|sh|mjs)$/.test(entry.name)).length;
  const below = entries
    .filter((entry) => entry.isDirectory() && !/^(\.|__pycache__|node_modules)/.test(entry.name))
    .flatMap(({ name }) => crowded(join(folder, name), most));
  return files > most ? [`${relative(ROOT, folder)}: ${files}`, ...below] : below;
}

test.each(ROOMS)('no folder of %s has more than 20 source files', (room) => {
  expect(crowded(join(ROOT, room))).toEqual([]);
});

test('a folder that is too full is named', () => {
  expect(crowded(join(ROOT, 'core/contract'), 3)).toEqual([
    expect.stringMatching(/^core\/contract: \d+$/),
    expect.stringMatching(/^core\/contract\/work: \d+$/),
  ]);
});
