import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deployedMachine } from '../../../local/machine/deployed-machine';

const text = readFileSync(join(__dirname, '../../fixtures/contract/MachineSpec.json'), 'utf8');

describe('a deployed machine', () => {
  test('has a revision that changes with any part of its specification', () => {
    const { revision, spec } = deployedMachine(text);
    expect(deployedMachine(text).revision).toBe(revision);
    const { images } = spec;
    const updated = JSON.stringify({ ...spec, images: { ...images, worker: 'ghcr.io/me/worker:2' } });
    expect(deployedMachine(updated).revision).not.toBe(revision);
  });

  test('is refused if a newer version has written it', () => {
    const { spec } = deployedMachine(text);
    expect(() => deployedMachine(JSON.stringify({ ...spec, version: 2 }))).toThrow();
    expect(() => deployedMachine(JSON.stringify({ ...spec, sidecar: true }))).toThrow();
  });
});
