import type { CustomTask } from '../../../core/contract/tasks';
import type { GpuAccess } from '../../../core/contract/machine-spec';
import { checkMachine } from '../../../lib/machine/check-machine';
import { type Service, type ServiceUse, voxtral, whisper } from '../../../lib/services';
import { defaultSettings, type Settings, SettingsError } from '../../../lib/settings';

/** A service of a user, without a GPU. */
const own = (changes: Partial<Service> = {}): Service => ({
  name: 'upper',
  port: 9000,
  tasks: ['custom'],
  customTask: { media_types: ['text/plain'], unit: 'item', result_type: 'text/plain', options: {} },
  memoryMib: 1024,
  image: { kind: 'registry', uri: 'ghcr.io/me/upper:1' },
  exec: { kind: 'python', from: 'app', requirements: 'r.txt', folders: ['.'], module: 'upper' },
  ...changes,
});

const check = (services: ServiceUse[], settings: Partial<Settings> = {}, gpu: GpuAccess = 'exclusive') =>
  checkMachine({ path: 'Mine', services, settings: defaultSettings(settings), gpu });

const refused = (...machine: Parameters<typeof check>): string => {
  try {
    check(...machine);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    const { message } = error as Error;
    expect(message).not.toContain('\n');
    return message;
  }
  throw new Error('It was accepted');
};

test('a machine with services that fit is accepted', () => {
  check([{ service: whisper }, { service: own() }]);
  const hybrid = [
    { service: whisper, memoryMib: 6144 },
    { service: voxtral, tasks: ['analysis'], memoryMib: 6144 },
  ] as const;
  check([...hybrid], {}, 'shared');
});

describe('a machine is refused', () => {
  test.each<[Partial<CustomTask>, RegExp]>([
    [
      { media_types: [] },
      /^"customTask.media_types" of the service "upper" must be .*; got \[\]\. Correct it/,
    ],
    [{ media_types: ['text'] }, /^"customTask.media_types.0" .*; got "text"\./],
    [{ unit: 'page' as 'item' }, /^"customTask.unit" .*; got "page"\./],
    [{ result_type: 'image/png' }, /^"customTask.result_type" .*; got "image\/png"\./],
    [
      { options: { type: 'array' } },
      /^"customTask.options" .* must be a JSON schema of an object: its "type"/,
    ],
    [{ options: { $ref: '#/$defs/none' } }, /^"customTask.options" .*: Unresolved \$ref .*; got /],
  ])('with a custom task described by %j', (change, message) => {
    const { customTask } = own();
    expect(refused([{ service: own({ customTask: { ...customTask!, ...change } }) }])).toMatch(message);
  });

  test.each(['Upper', '-upper', 'up_per', 'upper case', ''])('with the name %j', (name) => {
    expect(refused([{ service: own({ name }) }])).toBe(
      `A service of path "Mine" must have a name of lower-case letters, digits and hyphens; got "${name}". Rename it.`,
    );
  });

  test.each([0, -1, 70_000, 80.5, NaN])('with the port %d', (port) => {
    expect(refused([{ service: own({ port }) }])).toBe(
      `The port of the service "upper" must be an integer from 1 to 65535; got ${port}. Correct it.`,
    );
  });

  test.each([0, -5, 0.5, NaN])('with %d MiB for a process', (memoryMib) => {
    const message = `The memory of the process "upper" on path "Mine" must be a positive integer of MiB; got ${memoryMib}. Correct "memoryMib".`;
    expect(refused([{ service: own({ memoryMib }) }])).toBe(message);
    expect(refused([{ service: own(), memoryMib }])).toBe(message);
  });

  test('with a service that does no task, or an unknown one', () => {
    const none =
      'The service "upper" of path "Mine" must have a task; got none. Set "tasks", or remove the service.';
    expect(refused([{ service: own({ tasks: [], customTask: undefined }) }])).toBe(none);
    expect(refused([{ service: own(), tasks: [] }])).toBe(none);
    expect(refused([{ service: own({ tasks: ['dance' as 'custom'] }) }])).toBe(
      'The tasks of the service "upper" must be some of transcription, analysis, embedding, speech, custom; got "dance". ' +
        'Correct it, or describe your own task as "custom".',
    );
  });

  test.each([
    ['worker', [own({ name: 'worker' })]],
    ['models', [own({ name: 'models' })]],
    ['whisper', [whisper, own({ name: 'whisper' })]],
  ])('with the name %s twice', (name, services) => {
    expect(refused(services.map((service) => ({ service })))).toBe(
      `The processes of path "Mine" must have different names; got "${name}" twice (models and worker are taken). Rename the service.`,
    );
  });

  test.each([
    [8080, 'worker', [own({ port: 8080 })]],
    [8081, 'worker', [own({ port: 8081 })]],
    [8001, 'whisper', [whisper, own({ port: 8001 })]],
  ])('with two processes on port %d', (port, other, services) => {
    expect(refused(services.map((service) => ({ service })))).toBe(
      `The processes of path "Mine" must have different ports; got ${port} for "${other}" and "upper". Change one of them.`,
    );
  });

  test('without services', () => {
    expect(refused([])).toMatch(/^Path "Mine" must have a service; got none\./);
  });

  test('with a task that its service does not do', () => {
    expect(refused([{ service: whisper, tasks: ['analysis'] }])).toBe(
      'The task "analysis" of path "Mine" must be one of those that the service "whisper" does (transcription). Choose another ' +
        'service, or remove the task.',
    );
  });

  test('with a task that two services do', () => {
    expect(refused([{ service: whisper }, { service: voxtral }])).toBe(
      'The task "transcription" of path "Mine" must have one service; got "whisper" and "voxtral". Set "tasks" of one of them to ' +
        'its other tasks.',
    );
  });

  test.each([
    ['the task', own({ customTask: undefined })],
    ['the description', own({ tasks: ['transcription'] })],
  ])('with only %s of a custom task', (_, service) => {
    expect(refused([{ service }])).toMatch(
      /^The service "upper" must have both the task "custom" and its description "customTask"/,
    );
  });

  test.each([
    [
      15_001,
      ['g4dn.xlarge'],
      'at most 15769 MiB, which ECS finds on a g4dn.xlarge; got upper 15001 + models 256 + worker 512 = 15769.',
      true,
    ],
    [
      15_002,
      ['g4dn.2xlarge', 'g6.xlarge'],
      'at most 15769 MiB, which ECS finds on a g6.xlarge; got upper 15002 + models 256 + worker 512 = 15770.',
      false,
    ],
    [31_000, ['g5.2xlarge'], 'at most 31539 MiB, which ECS finds on a g5.2xlarge', false],
    [15_002, ['p3.2xlarge', 'g4dn.2xlarge'], '', true],
  ])(
    'if it reserves more memory than its smallest type has: %d MiB on %j',
    (memoryMib, instanceTypes, message, fits) => {
      const use = { service: own(), memoryMib };
      if (fits) check([use], { instanceTypes });
      else expect(refused([use], { instanceTypes })).toContain(message);
    },
  );

  test('if two services need the GPU alone', () => {
    const services = [
      { service: whisper, memoryMib: 4096 },
      { service: voxtral, memoryMib: 4096, tasks: ['analysis'] as const },
    ];
    expect(refused(services)).toBe(
      'Path "Mine" must have one service that needs the GPU, or share it; got "whisper" and "voxtral". Set the trait "gpu" to "shared".',
    );
  });

  const large = (mib: number) => own({ gpu: { need: () => ({ model: 'own-model', mib }) } });

  test('if a service needs more GPU memory than the smallest GPU has', () => {
    check([{ service: large(14_899) }]);
    expect(refused([{ service: large(14_900) }])).toBe(
      'The GPU memory of the service "upper" must be at most 14899 MiB, the memory of the smallest GPU, T4 (g4dn.xlarge, ' +
        'g4dn.2xlarge); got 14900, which own-model needs. Choose a smaller model, or "instanceTypes" with larger GPUs.',
    );
    check([{ service: large(14_900) }], { instanceTypes: ['g6.xlarge', 'p3.2xlarge'] });
  });

  test('if services that share a GPU do not fit', () => {
    expect(refused([{ service: large(14_900) }], {}, 'shared')).toMatch(
      /^The sum of "upper\.gpu" must be at most 14899 MiB/,
    );
  });
});
