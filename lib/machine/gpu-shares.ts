import { DEFAULT_VOXTRAL_MODEL, type Settings, SettingsError } from '../settings';
import {
  type Card,
  CARDS,
  cardOf,
  needed,
  type Quantization,
  voxtralParts,
  whisperParts,
} from './gpu-memory';
import figures from './model-figures.json';

/** GPU memory that each container may use, in MiB. Missing for engines that need no GPU. */
export type GpuShares = Partial<Record<'whisper' | 'voxtral', number>>;

/**
 * Precision of Voxtral's weights on a GPU shared with Whisper: 4 bits by default, to fit on a T4.
 */
export const sharedQuantization = ({ voxtralQuantization: chosen }: Settings): Quantization =>
  chosen === 'auto' ? 'nf4' : chosen;

/**
 * Divides the GPU memory between the two model services. Whisper gets what it needs. Voxtral gets
 * the rest of the smallest GPU among the machine types, because it benefits from more memory.
 * Settings override both. Whisper's share may be below the computed need, which is partly based on
 * published measurements.
 *
 * @throws SettingsError if a machine type's GPU is unknown or too small, if Voxtral's share is less than
 * it needs, or if a model's requirements are unknown and its share is not set
 */
export function gpuShares(settings: Settings): GpuShares {
  const hears = settings.engine === 'whisperx';
  const understands = settings.voxtralEngine === 'voxtral';
  if (!hears && !understands) return {};
  const smallest = smallestCard(settings.instanceTypes);
  const shares: GpuShares = {};
  if (hears) shares.whisper = settings.whisperGpuMemoryMib ?? whisperNeed(settings);
  if (understands) {
    const need = voxtralNeed(settings);
    shares.voxtral =
      settings.voxtralGpuMemoryMib ?? Math.max(need, smallest.mebibytes - (shares.whisper ?? 0));
    if (shares.voxtral < need) throw voxtralTooSmall(settings, need, shares.voxtral);
  }
  const total = (shares.whisper ?? 0) + (shares.voxtral ?? 0);
  if (total > smallest.mebibytes) throw tooMuch(settings, shares, smallest, total);
  return shares;
}

function smallestCard(instanceTypes: string[]): Card {
  const unknown = instanceTypes.filter((type) => cardOf(type) === undefined);
  if (unknown.length > 0) {
    const families = CARDS.flatMap((card) => card.families).join(', ');
    throw new SettingsError(
      `Setting "instanceTypes" must use the families ${families} if two models share a GPU, because the GPU memory ` +
        `of other families is unknown; got ${JSON.stringify(unknown)}. Remove them, or add their GPU to lib/machine/gpu-memory.ts.`,
    );
  }
  return instanceTypes
    .map((type) => cardOf(type)!)
    .reduce((least, card) => (card.mebibytes < least.mebibytes ? card : least));
}

function whisperNeed({ model }: Settings): number {
  const known = Object.keys(figures.whisper) as (keyof typeof figures.whisper)[];
  const found = known.find((name) => name === model);
  if (found !== undefined) return needed(whisperParts(found));
  throw unknownModel('whisperGpuMemoryMib', 'model', model, known);
}

/** Memory that Voxtral needs. For an unknown model this is the configured share. */
function voxtralNeed(settings: Settings): number {
  const { voxtralModel, voxtralGpuMemoryMib } = settings;
  if (voxtralModel === DEFAULT_VOXTRAL_MODEL) return needed(voxtralParts(sharedQuantization(settings)));
  if (voxtralGpuMemoryMib !== undefined) return voxtralGpuMemoryMib;
  throw unknownModel('voxtralGpuMemoryMib', 'voxtralModel', voxtralModel, [DEFAULT_VOXTRAL_MODEL]);
}

const unknownModel = (share: string, setting: string, model: string, known: string[]) =>
  new SettingsError(
    `Setting "${share}" must be set if "${setting}" is not one of ${known.join(', ')}, whose memory requirements are ` +
      `known; got nothing for ${JSON.stringify(model)}. Set it in cdk.json under context.spotscribe.${share}, or with ` +
      `-c spotscribe:${share}=<MiB>.`,
  );

const voxtralTooSmall = (settings: Settings, need: number, share: number) =>
  new SettingsError(
    `Setting "voxtralGpuMemoryMib" must be at least ${need}, which ${settings.voxtralModel} needs ` +
      `(${sharedQuantization(settings)}); got ${share}. Raise it, or remove it.`,
  );

function tooMuch(settings: Settings, shares: GpuShares, card: Card, total: number): SettingsError {
  const sum = Object.entries(shares).map(([name, mebibytes]) => `${name} ${mebibytes}`);
  const types = settings.instanceTypes.filter((type) => cardOf(type) === card);
  return new SettingsError(
    `The sum of the settings "whisperGpuMemoryMib" and "voxtralGpuMemoryMib" must be at most ${card.mebibytes} MiB, the ` +
      `memory of the smallest GPU, ${card.name} (${types.join(', ')}); got ${sum.join(' + ')} = ${total}. Choose a smaller ` +
      `"model", "voxtralQuantization" nf4, smaller shares, or "instanceTypes" with larger GPUs.`,
  );
}
