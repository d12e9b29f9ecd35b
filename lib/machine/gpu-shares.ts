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

/**
 * Memory of the graphics card that each container may take, in MiB. One whose engine needs no GPU is not there.
 */
export type GpuShares = Partial<Record<'whisper' | 'voxtral', number>>;

/** How Voxtral's weights are held beside Whisper: in 4 bits unless told otherwise, as both must fit on a T4. */
export const sharedQuantization = ({ voxtralQuantization: chosen }: Settings): Quantization =>
  chosen === 'auto' ? 'nf4' : chosen;

/**
 * Divides the card between the two model services: Whisper gets what it needs, Voxtral the rest of the smallest card among
 * the machine types, as it can make use of more. Settings may say otherwise; for Whisper, of whose needs a part is other
 * people's measurements, also less.
 *
 * @throws SettingsError if the card of a machine type is not known or too small, if Voxtral's share is less than it needs,
 * or if a model is none of those whose needs are known and its share is not set
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
      `Setting "instanceTypes" must be of the families ${families} where two models share a card, as no other card’s ` +
        `memory is known; got ${JSON.stringify(unknown)}. Leave them out, or add their card to lib/machine/gpu-memory.ts.`,
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

/** What Voxtral needs; of a model that is not known, all that can be said is what it was given. */
function voxtralNeed(settings: Settings): number {
  const { voxtralModel, voxtralGpuMemoryMib } = settings;
  if (voxtralModel === DEFAULT_VOXTRAL_MODEL) return needed(voxtralParts(sharedQuantization(settings)));
  if (voxtralGpuMemoryMib !== undefined) return voxtralGpuMemoryMib;
  throw unknownModel('voxtralGpuMemoryMib', 'voxtralModel', voxtralModel, [DEFAULT_VOXTRAL_MODEL]);
}

const unknownModel = (share: string, setting: string, model: string, known: string[]) =>
  new SettingsError(
    `Setting "${share}" must be set where "${setting}" is none of ${known.join(', ')}, whose needs are known; got ` +
      `nothing for ${JSON.stringify(model)}. Set it in cdk.json under context.spotscribe.${share}, or with ` +
      `-c spotscribe:${share}=<MiB>.`,
  );

const voxtralTooSmall = (settings: Settings, need: number, share: number) =>
  new SettingsError(
    `Setting "voxtralGpuMemoryMib" must be at least ${need}, which ${settings.voxtralModel} needs ` +
      `(${sharedQuantization(settings)}); got ${share}. Raise it, or leave it out.`,
  );

function tooMuch(settings: Settings, shares: GpuShares, card: Card, total: number): SettingsError {
  const sum = Object.entries(shares).map(([name, mebibytes]) => `${name} ${mebibytes}`);
  const types = settings.instanceTypes.filter((type) => cardOf(type) === card);
  return new SettingsError(
    `Settings "whisperGpuMemoryMib" and "voxtralGpuMemoryMib" must together be at most ${card.mebibytes}, the MiB of the ` +
      `smallest card, ${card.name} (${types.join(', ')}); got ${sum.join(' + ')} = ${total}. Choose a smaller "model", ` +
      `"voxtralQuantization" nf4, smaller shares, or "instanceTypes" with larger cards.`,
  );
}
