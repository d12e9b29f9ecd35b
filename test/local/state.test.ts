import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimStateDirectory } from '../../local/state';
import { callCli } from '../cli/run-cli';

describe('the state folder of a local AWS', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'spotscribe-state-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  test('must not contain files of the user, which are never deleted', async () => {
    mkdirSync(join(folder, 'machines'));
    writeFileSync(join(folder, 'machines/notes'), 'mine');
    const { code, err } = await callCli(['local', 'up', '--state-dir', folder]);
    expect(code).toBe(2);
    expect(err).toMatch(/contains files that do not belong to a local AWS/);
    expect(readdirSync(folder)).toEqual(['machines']);
  });

  test.each([
    ['is made', () => undefined],
    ['is taken again', () => claimStateDirectory(join(folder, 'new'))],
    ['is known without its mark by the logs of earlier versions', () => earlier()],
  ])('%s', (_, before) => {
    before();
    claimStateDirectory(join(folder, 'new'));
    expect(readdirSync(join(folder, 'new'))).toContain('.spotscribe-local');
  });

  const earlier = () => {
    mkdirSync(join(folder, 'new'));
    writeFileSync(join(folder, 'new/emulator.log'), '');
  };
});
