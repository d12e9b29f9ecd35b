import { needed, voxtralParts, whisperParts } from '../../../lib/machine/gpu-memory';
import { gpuShares } from '../../../lib/machine/gpu-shares';
import { type Service, voxtral, whisper } from '../../../lib/services';
import { defaultSettings, type Settings, SettingsError } from '../../../lib/settings';

const shares = (settings: Partial<Settings> = {}, services: Service[] = [whisper, voxtral]) =>
  gpuShares(services, defaultSettings(settings));
const turbo = needed(whisperParts('large-v3-turbo'));
const large = needed(whisperParts('large-v3'));
const nf4 = needed(voxtralParts('nf4'));
const half = needed(voxtralParts('none'));
const T4 = 14_899;

describe('the shares of the GPU memory', () => {
  test('are what Whisper needs, and for Voxtral the rest of the smallest GPU', () => {
    expect(shares()).toEqual({ whisper: turbo, voxtral: T4 - turbo });
    expect(shares({ instanceTypes: ['g6.xlarge', 'g5.xlarge'] })).toEqual({
      whisper: turbo,
      voxtral: 22_337 - turbo,
    });
  });

  test('are those in the settings', () => {
    const given = { whisperGpuMemoryMib: turbo - 100, voxtralGpuMemoryMib: nf4 + 50 };
    expect(shares(given)).toEqual({ whisper: turbo - 100, voxtral: nf4 + 50 });
  });

  test('allow half precision if the GPUs have enough memory', () => {
    const settings = { voxtralQuantization: 'none', instanceTypes: ['g6.xlarge'] } as const;
    expect(shares({ ...settings, instanceTypes: ['g6.xlarge'] })).toEqual({
      whisper: turbo,
      voxtral: 22_342 - turbo,
    });
  });

  test('are empty if no engine needs a GPU, on any machine type', () => {
    const laptop = {
      engine: 'faster-whisper',
      voxtralEngine: 'extractive',
      instanceTypes: ['m7i.large'],
    } as const;
    expect(shares({ ...laptop, instanceTypes: ['m7i.large'] })).toEqual({});
  });

  test('contain one service if the other engine needs no GPU', () => {
    expect(shares({ engine: 'faster-whisper' })).toEqual({ voxtral: T4 });
    expect(shares({ voxtralEngine: 'extractive' })).toEqual({ whisper: turbo });
  });

  test('of models with unknown requirements are those in the settings', () => {
    const own = { model: 'own', voxtralModel: 'Own', whisperGpuMemoryMib: 3000, voxtralGpuMemoryMib: 11_000 };
    expect(shares(own)).toEqual({ whisper: 3000, voxtral: 11_000 });
  });
});

describe('the shares of other services', () => {
  const own = (name: string, mib: number | undefined, takesRest = false): Service => ({
    ...{ name, port: 9000, tasks: [], memoryMib: 1024, image: { kind: 'registry', uri: 'ghcr.io/me/own:1' } },
    exec: { kind: 'python', from: 'app', requirements: 'r.txt', folders: ['.'], module: 'own' },
    gpu: { need: () => ({ model: 'own-model', mib }), takesRest },
  });

  test('are what their models need, and the rest for the first that takes it', () => {
    expect(shares({}, [whisper, own('small', 1000), voxtral])).toEqual({
      whisper: turbo,
      small: 1000,
      voxtral: T4 - turbo - 1000,
    });
    const takers = [own('one', 1000, true), own('other', 2000, true)];
    expect(shares({}, takers)).toEqual({ one: T4 - 2000, other: 2000 });
  });

  test('must be known, and fit', () => {
    expect(() => shares({}, [own('small', undefined)])).toThrow(
      'The GPU memory of the service "small" must be known if services share a GPU; got none for "own-model".',
    );
    expect(() => shares({}, [whisper, own('large', T4)])).toThrow(
      `The sum of "whisperGpuMemoryMib" and "large.gpu" must be at most ${T4} MiB`,
    );
  });
});

describe('an invalid split', () => {
  const refused = (settings: Partial<Settings>) => {
    try {
      shares(settings);
    } catch (error) {
      expect(error).toBeInstanceOf(SettingsError);
      const { message } = error as Error;
      expect(message).not.toContain('\n');
      return message;
    }
    throw new Error('It was accepted');
  };

  test.each([
    [
      { model: 'large-v3' },
      `must be at most 14899 MiB, the memory of the smallest GPU, T4 (g4dn.xlarge, g4dn.2xlarge); got whisper ${large} + voxtral ${nf4} = ${large + nf4}. Choose a smaller "model"`,
    ],
    [{ voxtralQuantization: 'none' as const }, `got whisper ${turbo} + voxtral ${half} = ${turbo + half}.`],
    [
      { whisperGpuMemoryMib: T4 - nf4 + 1, voxtralGpuMemoryMib: nf4 },
      `got whisper ${T4 - nf4 + 1} + voxtral ${nf4} = 14900.`,
    ],
    [
      { whisperGpuMemoryMib: 20_000, voxtralGpuMemoryMib: nf4, instanceTypes: ['g6.xlarge', 'g5.xlarge'] },
      `at most 22337 MiB, the memory of the smallest GPU, A10G (g5.xlarge); got whisper 20000 + voxtral ${nf4} = ${20_000 + nf4}.`,
    ],
  ])('is rejected with the shares, the GPU, its memory and the cure: %j', (settings, message) => {
    expect(refused(settings)).toContain(message);
  });

  test('gives Voxtral less than it needs', () => {
    expect(refused({ voxtralGpuMemoryMib: 4000 })).toBe(
      `Setting "voxtralGpuMemoryMib" must be at least ${nf4}, which Voxtral-Mini-3B-2507 (nf4) needs; got 4000. Raise it, or remove it.`,
    );
  });

  test('includes unknown GPUs', () => {
    expect(refused({ instanceTypes: ['g4dn.xlarge', 'p3.2xlarge'] })).toMatch(
      /^Setting "instanceTypes" must use the families g4dn, g6, g5 .*; got \["p3.2xlarge"\]\. Remove them, or add/,
    );
  });

  test.each([
    [{ model: 'own' }, 'Setting "whisperGpuMemoryMib" must be set if "model" is not one of large-v3-turbo'],
    [
      { voxtralModel: 'Own' },
      'Setting "voxtralGpuMemoryMib" must be set if "voxtralModel" is not one of Voxtral-',
    ],
  ])('includes a model with unknown requirements: %j', (settings, message) => {
    expect(refused(settings)).toContain(message);
    expect(refused(settings)).toContain('Set it in cdk.json under context.spotscribe.');
  });
});
