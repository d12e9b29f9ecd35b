import { needed, voxtralParts, whisperParts } from '../../../lib/machine/gpu-memory';
import { gpuShares } from '../../../lib/machine/gpu-shares';
import { defaultSettings, type Settings, SettingsError } from '../../../lib/settings';

const shares = (settings: Partial<Settings> = {}) => gpuShares(defaultSettings(settings));
const turbo = needed(whisperParts('large-v3-turbo'));
const large = needed(whisperParts('large-v3'));
const nf4 = needed(voxtralParts('nf4'));
const half = needed(voxtralParts('none'));
const T4 = 15_360;

describe('the shares of the card', () => {
  test('are what Whisper needs, and the rest of the smallest card for Voxtral', () => {
    expect(shares()).toEqual({ whisper: turbo, voxtral: T4 - turbo });
    expect(shares({ instanceTypes: ['g6.xlarge', 'g5.xlarge'] })).toEqual({
      whisper: turbo,
      voxtral: 23_028 - turbo,
    });
  });

  test('are those that are set', () => {
    const given = { whisperGpuMemoryMib: turbo - 100, voxtralGpuMemoryMib: nf4 + 50 };
    expect(shares(given)).toEqual({ whisper: turbo - 100, voxtral: nf4 + 50 });
  });

  test('take half precision where the cards have room for it', () => {
    const settings = { voxtralQuantization: 'none', instanceTypes: ['g6.xlarge'] } as const;
    expect(shares({ ...settings, instanceTypes: ['g6.xlarge'] })).toEqual({
      whisper: turbo,
      voxtral: 23_034 - turbo,
    });
  });

  test('are nobody’s where no engine needs a GPU, whatever the machines are', () => {
    const laptop = {
      engine: 'pocketsphinx',
      voxtralEngine: 'extractive',
      instanceTypes: ['m7i.large'],
    } as const;
    expect(shares({ ...laptop, instanceTypes: ['m7i.large'] })).toEqual({});
  });

  test('are one’s alone where the other’s engine needs no GPU', () => {
    expect(shares({ engine: 'pocketsphinx' })).toEqual({ voxtral: T4 });
    expect(shares({ voxtralEngine: 'extractive' })).toEqual({ whisper: turbo });
  });

  test('of models whose needs are not known are those that are set', () => {
    const own = { model: 'own', voxtralModel: 'Own', whisperGpuMemoryMib: 3000, voxtralGpuMemoryMib: 12_000 };
    expect(shares(own)).toEqual({ whisper: 3000, voxtral: 12_000 });
  });
});

describe('a split that cannot be', () => {
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
      `must together be at most 15360, the MiB of the smallest card, T4 (g4dn.xlarge, g4dn.2xlarge); got whisper ${large} + voxtral ${nf4} = ${large + nf4}. Choose a smaller "model"`,
    ],
    [{ voxtralQuantization: 'none' as const }, `got whisper ${turbo} + voxtral ${half} = ${turbo + half}.`],
    [
      { whisperGpuMemoryMib: T4 - nf4 + 1, voxtralGpuMemoryMib: nf4 },
      `got whisper ${T4 - nf4 + 1} + voxtral ${nf4} = 15361.`,
    ],
    [
      { whisperGpuMemoryMib: 20_000, voxtralGpuMemoryMib: nf4, instanceTypes: ['g6.xlarge', 'g5.xlarge'] },
      `at most 23028, the MiB of the smallest card, A10G (g5.xlarge); got whisper 20000 + voxtral ${nf4} = ${20_000 + nf4}.`,
    ],
  ])('names the shares, the card, its memory and the cure: %j', (settings, message) => {
    expect(refused(settings)).toContain(message);
  });

  test('is one in which Voxtral gets less than it needs', () => {
    expect(refused({ voxtralGpuMemoryMib: 4000 })).toBe(
      `Setting "voxtralGpuMemoryMib" must be at least ${nf4}, which Voxtral-Mini-3B-2507 needs (nf4); got 4000. Raise it, or leave it out.`,
    );
  });

  test('is one among cards that are not known', () => {
    expect(refused({ instanceTypes: ['g4dn.xlarge', 'p3.2xlarge'] })).toMatch(
      /^Setting "instanceTypes" must be of the families g4dn, g6, g5 .*; got \["p3.2xlarge"\]\. Leave them out, or add/,
    );
  });

  test.each([
    [{ model: 'own' }, 'Setting "whisperGpuMemoryMib" must be set where "model" is none of large-v3-turbo'],
    [
      { voxtralModel: 'Own' },
      'Setting "voxtralGpuMemoryMib" must be set where "voxtralModel" is none of Voxtral-',
    ],
  ])('is one of a model whose needs are not known: %j', (settings, message) => {
    expect(refused(settings)).toContain(message);
    expect(refused(settings)).toContain('Set it in cdk.json under context.spotscribe.');
  });
});
