import { parseWantedModels } from '../../../core/models/model-manifest';
import { modelsMark } from '../../../core/models/models-mark';
import { MachineSpec } from '../../../core/contract/machine-spec';
import { type MachineOptions, machineSpec } from '../../../lib/machine/machine-spec';
import { voxtral, whisper } from '../../../lib/services';
import { defaultSettings } from '../../../lib/settings';

const options: MachineOptions = {
  services: [{ service: whisper }],
  settings: defaultSettings(),
  gpu: 'exclusive',
  images: { worker: 'worker:1', whisper: 'whisper:1', voxtral: 'voxtral:1' },
  modelBucket: 'models',
  workerEnvironment: { JOBS_TABLE: 'jobs' },
};
const of = (name: string, changed: Partial<MachineOptions> = {}) =>
  machineSpec({ ...options, ...changed }).processes.find((process) => process.name === name)!;

describe('the specification of a machine', () => {
  test('is valid, and has no defaults, to be short', () => {
    const spec = machineSpec(options);
    expect(MachineSpec.parse(spec)).toEqual(spec);
    expect(JSON.stringify(spec)).not.toMatch(
      /"essential":true|"aws":false|"read_only":false|"min_healthy_percent":0/,
    );
  });

  test('lets only the model fetch and the worker use AWS', () => {
    const { processes } = machineSpec(options);
    expect(processes.filter(({ aws }) => aws === true).map(({ name }) => name)).toEqual(['models', 'worker']);
  });

  describe('with models to fetch', () => {
    const fetched = { process: 'models', until: 'succeeded' };
    const mark = (changed: Partial<MachineOptions> = {}) =>
      of('whisper', changed).environment?.MODELS_MARK ?? '';

    test('starts a service meanwhile, and tells it for which mark to wait', () => {
      expect(of('whisper')).not.toHaveProperty('after');
      const models = parseWantedModels(of('models').environment?.MODELS ?? '');
      expect(mark()).toBe(modelsMark(models));
    });

    test('names the mark by all models of the machine and their revisions', () => {
      const both = { services: [{ service: whisper }, { service: voxtral }], gpu: 'shared' as const };
      const marks = [
        mark(),
        mark({ settings: defaultSettings({ model: 'medium' }) }),
        mark({ settings: defaultSettings({ sideModels: [] }) }),
        mark(both),
      ];
      expect(new Set(marks).size).toBe(marks.length);
      expect(of('voxtral', both).environment?.MODELS_MARK).toBe(mark(both));
    });

    test('lets a service that brings its own model wait for none', () => {
      const { environment } = of('whisper', { settings: defaultSettings({ engine: 'faster-whisper' }) });
      expect(environment).not.toHaveProperty('MODELS_MARK');
    });

    test('starts a service that knows no mark when all models are there', () => {
      const unaware = { ...whisper, waitsForModels: false };
      const process = of('whisper', { services: [{ service: unaware }] });
      expect(process.after).toEqual([fetched]);
      expect(process.environment).not.toHaveProperty('MODELS_MARK');
    });

    test('starts the worker, which is essential, only after the fetch has succeeded', () => {
      expect(of('worker').after).toEqual([fetched, { process: 'whisper' }]);
      expect(of('worker').essential).toBeUndefined();
    });
  });

  test('tells the worker each service’s URL and the tasks that the path uses', () => {
    const services = [{ service: whisper }, { service: voxtral, tasks: ['analysis'] as const }];
    const { environment } = of('worker', { services, gpu: 'shared' });
    expect(JSON.parse(environment?.SERVICES ?? '')).toEqual([
      { name: 'whisper', url: '${url:whisper}', tasks: ['transcription'] },
      { name: 'voxtral', url: '${url:voxtral}', tasks: ['analysis'] },
    ]);
  });

  test('gives a service no GPU if its engine needs none', () => {
    expect(of('whisper').gpu).toBe('exclusive');
    expect(of('whisper', { settings: defaultSettings({ engine: 'faster-whisper' }) })).not.toHaveProperty(
      'gpu',
    );
  });

  test('opens the worker’s public server on the same port of the machine', () => {
    const { ports, environment } = of('worker', { streamingPort: 8081 });
    expect(ports).toEqual([{ port: 8080 }, { port: 8081, host: 8081 }]);
    expect(environment?.STREAMING_PORT).toBe('${port:8081}');
    expect(of('worker').environment).not.toHaveProperty('STREAMING_PORT');
  });

  test('has the memory, the host port and the restarts of the path', () => {
    const services = [{ service: whisper, memoryMib: 3000, essential: false, restart: true, hostPort: 8001 }];
    expect(of('whisper', { services })).toMatchObject({
      memory_mib: 3000,
      essential: false,
      restart_after_seconds: 60,
      ports: [{ port: 8001, host: 8001 }],
    });
    expect(of('whisper')).toMatchObject({ memory_mib: 8192, ports: [{ port: 8001 }] });
    expect(of('whisper')).not.toHaveProperty('restart_after_seconds');
  });
});
