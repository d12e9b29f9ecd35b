import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { modelsOf, requirementsOf, SERVICE_NAMES, SERVICES, tasksOf, voxtral } from '../../../lib/services';
import { defaultSettings } from '../../../lib/settings';

const root = join(__dirname, '../../..');
const settings = defaultSettings();
const laptop = defaultSettings({
  engine: 'faster-whisper',
  voxtralEngine: 'extractive',
  embeddingEngine: 'minilm',
  speechEngine: 'espeak-ng',
});

describe.each(SERVICE_NAMES.map((name) => [name, SERVICES[name]] as const))(
  'the service %s',
  (name, service) => {
    test('has its name, and an image of this package', () => {
      expect(service.name).toBe(name);
      expect(service.image).toMatchObject({ kind: 'package', name });
    });

    test('starts without its image from files that exist', () => {
      const { requirements, folders, module } = service.exec;
      expect(existsSync(join(root, requirements))).toBe(true);
      const modules = folders.map((folder) => join(root, folder, module, '__main__.py'));
      expect(modules.some((file) => existsSync(file))).toBe(true);
    });

    test('needs a GPU and a required model by default', () => {
      expect(requirementsOf(service, settings)).toBe('production');
      expect(service.gpu?.need(settings)?.mib).toBeGreaterThan(1000);
      expect(modelsOf([service], settings).filter(({ required }) => required)).toHaveLength(1);
    });

    test('needs neither on a laptop', () => {
      expect(requirementsOf(service, laptop)).toBe('laptop');
      expect(service.gpu?.need(laptop)).toBeUndefined();
      expect(modelsOf([service], laptop)).toEqual([]);
    });
  },
);

test('ports of services differ', () => {
  const ports = Object.values(SERVICES).map(({ port }) => port);
  expect(new Set(ports).size).toBe(ports.length);
});

test('a path uses all tasks of a service unless it chooses some', () => {
  expect(tasksOf({ service: voxtral })).toEqual(['transcription', 'analysis']);
  expect(tasksOf({ service: voxtral, tasks: ['analysis'] })).toEqual(['analysis']);
});
